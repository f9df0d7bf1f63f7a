/* Reductions over any axes: MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_ALL. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_REDUCE_H
#define TINYGEN_KERNELS_PORTABLE_REDUCE_H

#include <float.h>

#include "../elements.h"
#include "../requantize.h"

/* What is made of the elements, as a number for a template's constants. */
enum tg_reduction { TG_REDUCE_SUM, TG_REDUCE_MAXIMUM, TG_REDUCE_MINIMUM };

/* Axes that stay and axes that are reduced, each in up to three loops, the outermost first: rounds, and
 * elements of the input from one round to the next; loops that are not needed have one round. */
struct tg_reduce_params {
    int32_t kept0;
    int32_t kept1;
    int32_t kept2;
    int32_t kept_step0;
    int32_t kept_step1;
    int32_t kept_step2;
    int32_t reduced0;
    int32_t reduced1;
    int32_t reduced2;
    int32_t reduced_step0;
    int32_t reduced_step1;
    int32_t reduced_step2;
    int32_t zero_sum;   /* the input's zero point times the elements of a sum */
    int32_t multiplier; /* the input's scale over the output's, of means over the number of elements, too */
    int32_t shift;      /* as for tg_requantize */
    int32_t zero;
    float divisor; /* of sums of float32: the number of elements for a mean, else 1 */
};

/* All elements that are reduced to one output, the first of them at `first`. A sum that leaves int32 wraps. */
static TG_INLINE int32_t tg_reduce_integer(const void *input, int32_t first, int32_t reduction, int32_t type,
                                           struct tg_reduce_params p)
{
    const int32_t bytes = type == TG_S16 ? 2 : 1;
    int32_t best = reduction == TG_REDUCE_MAXIMUM ? INT32_MIN : INT32_MAX;
    uint32_t sum = 0;
    for (int32_t i = 0; i < p.reduced0; ++i) {
        for (int32_t j = 0; j < p.reduced1; ++j) {
            const int32_t at = first + i * p.reduced_step0 + j * p.reduced_step1;
            const uint8_t *next = (const uint8_t *)input + at * bytes;
            for (int32_t k = 0; k < p.reduced2; ++k) {
                const int32_t element = tg_load(next, 0, type);
                if (reduction == TG_REDUCE_SUM) {
                    sum += (uint32_t)element;
                } else if (reduction == TG_REDUCE_MAXIMUM ? element > best : element < best) {
                    best = element;
                }
                next += p.reduced_step2 * bytes;
            }
        }
    }
    if (reduction != TG_REDUCE_SUM) {
        return best;
    }
    const int32_t centred = (int32_t)(sum - (uint32_t)p.zero_sum);
    return (int32_t)((uint32_t)tg_requantize(centred, p.multiplier, p.shift) + (uint32_t)p.zero);
}

/* The same of float32, added in memory order to 0. A maximum starts from the lowest finite number, as in TFLM,
 * so that it is never minus infinity; a minimum from the highest. */
static TG_INLINE float tg_reduce_real(const float *first, int32_t reduction, struct tg_reduce_params p)
{
    float value = reduction == TG_REDUCE_SUM ? 0.0f : reduction == TG_REDUCE_MAXIMUM ? -FLT_MAX : FLT_MAX;
    for (int32_t i = 0; i < p.reduced0; ++i) {
        for (int32_t j = 0; j < p.reduced1; ++j) {
            const float *element = first + i * p.reduced_step0 + j * p.reduced_step1;
            for (int32_t k = 0; k < p.reduced2; ++k) {
                if (reduction == TG_REDUCE_SUM) {
                    value += *element;
                } else if (reduction == TG_REDUCE_MAXIMUM ? *element > value : *element < value) {
                    value = *element;
                }
                element += p.reduced_step2;
            }
        }
    }
    return reduction == TG_REDUCE_SUM ? value / p.divisor : value;
}

/* Reductions of integers of `type`.
 *
 * input: row-major; output: [kept0, kept1, kept2], written in memory order.
 * Sources: QuantizedMeanOrSum and ReduceGeneric in tensorflow/lite/kernels/internal/reference/reduce.h. */
static TG_INLINE void tg_reduce_integers(const void *input, void *output, int32_t reduction, int32_t type,
                                         struct tg_reduce_params p)
{
    int32_t to = 0;
    for (int32_t i = 0; i < p.kept0; ++i) {
        for (int32_t j = 0; j < p.kept1; ++j) {
            int32_t first = i * p.kept_step0 + j * p.kept_step1;
            for (int32_t k = 0; k < p.kept2; ++k) {
                tg_store(output, to, type, tg_reduce_integer(input, first, reduction, type, p));
                first += p.kept_step2;
                ++to;
            }
        }
    }
}

/* Reductions of float32; operands as for tg_reduce_integers.
 *
 * Sources: Mean and ReduceGeneric in tensorflow/lite/kernels/internal/reference/reduce.h. */
static TG_INLINE void tg_reduce_reals(const float *input, float *output, int32_t reduction,
                                      struct tg_reduce_params p)
{
    for (int32_t i = 0; i < p.kept0; ++i) {
        for (int32_t j = 0; j < p.kept1; ++j) {
            const float *first = input + i * p.kept_step0 + j * p.kept_step1;
            for (int32_t k = 0; k < p.kept2; ++k) {
                *output++ = tg_reduce_real(first, reduction, p);
                first += p.kept_step2;
            }
        }
    }
}

/* Means or sums of int8; operands as for tg_reduce_integers. */
static TG_INLINE void tg_reduce_sum_s8(const int8_t *input, int8_t *output, struct tg_reduce_params p)
{
    tg_reduce_integers(input, output, TG_REDUCE_SUM, TG_S8, p);
}

/* Means or sums of int16. */
static TG_INLINE void tg_reduce_sum_s16(const int16_t *input, int16_t *output, struct tg_reduce_params p)
{
    tg_reduce_integers(input, output, TG_REDUCE_SUM, TG_S16, p);
}

/* Means or sums of float32. */
static TG_INLINE void tg_reduce_sum_f32(const float *input, float *output, struct tg_reduce_params p)
{
    tg_reduce_reals(input, output, TG_REDUCE_SUM, p);
}

/* Maxima of int8. */
static TG_INLINE void tg_reduce_max_s8(const int8_t *input, int8_t *output, struct tg_reduce_params p)
{
    tg_reduce_integers(input, output, TG_REDUCE_MAXIMUM, TG_S8, p);
}

/* Maxima of float32. */
static TG_INLINE void tg_reduce_max_f32(const float *input, float *output, struct tg_reduce_params p)
{
    tg_reduce_reals(input, output, TG_REDUCE_MAXIMUM, p);
}

/* Minima of int8. */
static TG_INLINE void tg_reduce_min_s8(const int8_t *input, int8_t *output, struct tg_reduce_params p)
{
    tg_reduce_integers(input, output, TG_REDUCE_MINIMUM, TG_S8, p);
}

/* Minima of float32. */
static TG_INLINE void tg_reduce_min_f32(const float *input, float *output, struct tg_reduce_params p)
{
    tg_reduce_reals(input, output, TG_REDUCE_MINIMUM, p);
}

/* Whether all of several bytes are 1 that are 0 or 1. */
static TG_INLINE void tg_reduce_all_b(const uint8_t *input, uint8_t *output, struct tg_reduce_params p)
{
    tg_reduce_integers(input, output, TG_REDUCE_MINIMUM, TG_U8, p);
}

#endif
