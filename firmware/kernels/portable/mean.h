/* MEAN on int8. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_MEAN_H
#define TINYGEN_KERNELS_PORTABLE_MEAN_H

#include "../requantize.h"

/* Axes that stay and axes that are reduced, each in up to three loops, the outermost first: rounds, and
 * elements of the input from one round to the next; loops that are not needed have one round.
 *
 * zero_sum: the input's zero point times the elements of a mean; multiplier, shift: the input's scale over
 * the output's and over the number of elements (as for tg_requantize). */
struct tg_mean_params {
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
    int32_t zero_sum;
    int32_t multiplier;
    int32_t shift;
    int32_t zero;
};

static TG_INLINE int8_t tg_mean_of(const int8_t *first, struct tg_mean_params p)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < p.reduced0; ++i) {
        for (int32_t j = 0; j < p.reduced1; ++j) {
            const int8_t *element = first + i * p.reduced_step0 + j * p.reduced_step1;
            for (int32_t k = 0; k < p.reduced2; ++k) {
                sum += *element;
                element += p.reduced_step2;
            }
        }
    }
    const int32_t mean = tg_requantize(sum - p.zero_sum, p.multiplier, p.shift) + p.zero;
    return (int8_t)tg_clamp(mean, INT8_MIN, INT8_MAX);
}

/* Means over the reduced axes.
 *
 * input: row-major; output: [kept0, kept1, kept2], written in memory order. Source: QuantizedMeanOrSum in
 * tensorflow/lite/kernels/internal/reference/reduce.h. */
static TG_INLINE void tg_mean_s8(const int8_t *input, int8_t *output, struct tg_mean_params p)
{
    for (int32_t i = 0; i < p.kept0; ++i) {
        for (int32_t j = 0; j < p.kept1; ++j) {
            const int8_t *first = input + i * p.kept_step0 + j * p.kept_step1;
            for (int32_t k = 0; k < p.kept2; ++k) {
                *output++ = tg_mean_of(first, p);
                first += p.kept_step2;
            }
        }
    }
}

#endif
