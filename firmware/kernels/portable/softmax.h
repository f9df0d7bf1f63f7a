/* SOFTMAX on int8, int16 and float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_SOFTMAX_H
#define TINYGEN_KERNELS_PORTABLE_SOFTMAX_H

#include <float.h>
#include <math.h>

#include "../fixed_point.h"
#include "../lookup.h"

/* rows: of `depth` elements each, 1..4095; multiplier, shift: beta times the input's scale as a factor to
 * Q5.26, shift 0..31; least_difference: differences to the maximum below it count as minus infinity. */
struct tg_softmax_params {
    int32_t rows;
    int32_t depth;
    int32_t multiplier;
    int32_t shift;
    int32_t least_difference;
};

/* Each element's difference to the row's maximum as a number in Q5.26, and e to that power in Q0.31. */
static TG_INLINE int32_t tg_softmax_power(int32_t difference, struct tg_softmax_params p)
{
    if (difference < p.least_difference) {
        return 0;
    }
    return tg_exp_of_negative(tg_requantize(difference, p.multiplier, p.shift));
}

/* The largest of `depth` elements. */
static TG_INLINE int32_t tg_softmax_maximum(const int8_t *input, int32_t depth)
{
    int32_t maximum = INT8_MIN;
    for (int32_t i = 0; i < depth; ++i) {
        maximum = input[i] > maximum ? input[i] : maximum;
    }
    return maximum;
}

/* The sum of the powers of `depth` elements in Q12.19. */
static TG_INLINE int32_t tg_softmax_sum(const int8_t *input, int32_t maximum, struct tg_softmax_params p)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < p.depth; ++i) {
        sum += tg_divide_by_power_of_two(tg_softmax_power(input[i] - maximum, p), 12);
    }
    return sum;
}

/* 1 over a sum in Q12.19, as inverse in Q0.31 and right shift to `bits` bits of output. */
static TG_INLINE struct tg_factor tg_softmax_inverse(int32_t sum, int32_t bits)
{
    struct tg_factor result;
    const int32_t zeros = tg_leading_zeros((uint32_t)sum);
    result.multiplier = tg_one_over_one_plus((int32_t)(((uint32_t)sum << zeros) - 0x80000000U));
    result.shift = 12 - zeros + 31 - bits;
    return result;
}

/* The softmax of each row.
 *
 * input: [rows, depth]; output: [rows, depth], scale 1/256, zero point -128, written in memory order, each
 * element after the last read of the input's element of the same index.
 * Source: Softmax in tensorflow/lite/kernels/internal/reference/softmax.h. It aborts on rows whose
 * exponentials add up to 512 or more; all of their results are below half a step of the output: 0. */
static TG_INLINE void tg_softmax_s8(const int8_t *input, int8_t *output, struct tg_softmax_params p)
{
    for (int32_t row = 0; row < p.rows; ++row) {
        const int32_t maximum = tg_softmax_maximum(input, p.depth);
        const struct tg_factor inverse = tg_softmax_inverse(tg_softmax_sum(input, maximum, p), 8);
        for (int32_t i = 0; i < p.depth; ++i) {
            int32_t result = 0;
            if (inverse.shift < 32) {
                const int32_t power = tg_softmax_power(input[i] - maximum, p);
                result = tg_divide_by_power_of_two(tg_q31_product(inverse.multiplier, power), inverse.shift);
            }
            output[i] = (int8_t)(result < 255 ? result + INT8_MIN : INT8_MAX);
        }
        input += p.depth;
        output += p.depth;
    }
}

/* The softmax of each row in 16 bits.
 *
 * input: [rows, depth]; output: [rows, depth], scale 1/65536, zero point -32768, written from the last
 * element to the first, so that it may start where the input starts.
 * Source: as for tg_softmax_s8. */
static TG_INLINE void tg_softmax_s8_s16(const int8_t *input, int16_t *output, struct tg_softmax_params p)
{
    for (int32_t row = p.rows - 1; row >= 0; --row) {
        const int8_t *from = input + row * p.depth;
        int16_t *to = output + row * p.depth;
        const int32_t maximum = tg_softmax_maximum(from, p.depth);
        const struct tg_factor inverse = tg_softmax_inverse(tg_softmax_sum(from, maximum, p), 16);
        for (int32_t i = p.depth - 1; i >= 0; --i) {
            const int32_t scaled = tg_q31_product(inverse.multiplier, tg_softmax_power(from[i] - maximum, p));
            const int32_t result = tg_divide_by_power_of_two(scaled, inverse.shift);
            to[i] = (int16_t)(result < UINT16_MAX ? result + INT16_MIN : INT16_MAX);
        }
    }
}

/* rows: of `depth` elements each, 1..32768; multiplier, shift: beta times the input's scale as a factor to
 * units of 10/65535 (as for tg_requantize, shift up to 15). */
struct tg_softmax_s16_params {
    int32_t rows;
    int32_t depth;
    int32_t multiplier;
    int32_t shift;
};

/* The softmax of each row of int16 values, from two interpolated tables.
 *
 * input: [rows, depth], zero point 0; output: [rows, depth], scale 1/32768, zero point 0, written in memory
 * order, each element after the last read of the input's element of the same index; powers: [513], e^x in
 * Q0.15 over -10..0; inverses: [513], 1 / (1 + x) in Q0.15 over 0..1.
 * Source: SoftmaxInt16 in tensorflow/lite/kernels/internal/reference/softmax.h. */
static TG_INLINE void tg_softmax_s16(const int16_t *input, int16_t *output, const int16_t *powers,
                                     const int16_t *inverses, struct tg_softmax_s16_params p)
{
    for (int32_t row = 0; row < p.rows; ++row) {
        int32_t maximum = INT16_MIN;
        for (int32_t i = 0; i < p.depth; ++i) {
            maximum = input[i] > maximum ? input[i] : maximum;
        }
        /* Q16.15. */
        int32_t sum = 0;
        for (int32_t i = 0; i < p.depth; ++i) {
            const int32_t difference = tg_requantize(input[i] - maximum, p.multiplier, p.shift) + INT16_MAX;
            output[i] = (int16_t)tg_interpolate_s16(tg_clamp(difference, INT16_MIN, INT16_MAX), powers);
            sum += output[i];
        }
        const int32_t zeros = tg_leading_zeros((uint32_t)sum);
        /* The sum as 1 + x in Q1.16, of which the table takes x - 1/2. */
        const uint32_t scaled = (((uint32_t)sum << (zeros - 1)) + (1U << 13)) >> 14;
        const int32_t centred = (int32_t)scaled - ((int32_t)3 << 15);
        const int32_t inverse = tg_interpolate_s16(tg_clamp(centred, INT16_MIN, INT16_MAX), inverses);
        const int32_t right = 31 - zeros;
        for (int32_t i = 0; i < p.depth; ++i) {
            const int32_t result = (output[i] * inverse + ((int32_t)1 << (right - 1))) >> right;
            output[i] = (int16_t)tg_clamp(result, 0, INT16_MAX);
        }
        input += p.depth;
        output += p.depth;
    }
}

/* rows: of `depth` elements each; beta: factor of the logits. */
struct tg_softmax_f32_params {
    int32_t rows;
    int32_t depth;
    float beta;
};

/* The softmax of each row of real values.
 *
 * input, output: [rows, depth], written in memory order, each element after the last read of the input's
 * element of the same index. Source: Softmax in tensorflow/lite/kernels/internal/reference/softmax.h. */
static TG_INLINE void tg_softmax_f32(const float *input, float *output, struct tg_softmax_f32_params p)
{
    for (int32_t row = 0; row < p.rows; ++row) {
        float maximum = -FLT_MAX;
        for (int32_t i = 0; i < p.depth; ++i) {
            maximum = input[i] > maximum ? input[i] : maximum;
        }
        float sum = 0.0f;
        for (int32_t i = 0; i < p.depth; ++i) {
            output[i] = expf((input[i] - maximum) * p.beta);
            sum += output[i];
        }
        for (int32_t i = 0; i < p.depth; ++i) {
            output[i] /= sum;
        }
        input += p.depth;
        output += p.depth;
    }
}

#endif
