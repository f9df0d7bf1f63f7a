/* LOG_SOFTMAX on int8 and float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_LOG_SOFTMAX_H
#define TINYGEN_KERNELS_PORTABLE_LOG_SOFTMAX_H

#include <float.h>
#include <math.h>

#include "../fixed_point.h"

/* rows: of `depth` elements each, 1..4095; multiplier, shift: the input's scale as a factor to Q5.26, shift
 * 0..31; back_multiplier, back_shift: from Q5.26 to the input's scale, shift -31..0; least_difference:
 * differences to the maximum below it count as minus infinity. */
struct tg_log_softmax_params {
    int32_t rows;
    int32_t depth;
    int32_t multiplier;
    int32_t shift;
    int32_t back_multiplier;
    int32_t back_shift;
    int32_t least_difference;
};

/* The natural logarithm in Q5.26 of x >= 1 in Q12.19.
 *
 * x is 2^n r with r near 2^(-1/4), of which the logarithm is a quotient of polynomials.
 * Source: log_x_for_x_greater_than_or_equal_to_1_impl in tensorflow/lite/kernels/internal/common.h. */
static TG_SHARED int32_t tg_log_of_sum(int32_t x)
{
    const int32_t log_2 = 1488522236;
    const int32_t fourth_root_of_half = 1805811301;
    const int32_t root_of_half = 1518500250;
    const int32_t quarter = (int32_t)1 << 23;
    /* n + 1/4 in Q6.25 where r is x 2^-n / sqrt(2), or n - 1/4 where it is x 2^-n: whichever r is smaller. */
    const int32_t zeros = tg_leading_zeros((uint32_t)x);
    const int32_t normalized = tg_multiply_by_power_of_two(x, zeros - 1);
    const int32_t r_a = tg_multiply_by_power_of_two(tg_q31_product(normalized, root_of_half), 1);
    const int32_t power_a = (12 - zeros) * ((int32_t)1 << 25) + quarter;
    const int32_t headroom = tg_leading_zeros((uint32_t)tg_q31_product(x, root_of_half)) - 1;
    const int32_t r_b = tg_multiply_by_power_of_two(x, headroom);
    const int32_t power_b = (12 - headroom) * ((int32_t)1 << 25) - quarter;
    const int32_t r = r_a < r_b ? r_a : r_b;
    const int32_t power = power_a > power_b ? power_a : power_b;
    const int32_t p = (int32_t)(((uint32_t)r + (uint32_t)fourth_root_of_half + 1U) >> 1);
    const int32_t q = (r - fourth_root_of_half) * 2;
    const int32_t square = tg_q31_product(q, q);
    const int32_t numerator = tg_q31_product(q, r) + tg_q31_product(tg_q31_product(q, square), 117049297);
    const int32_t sum = 1057819769 + q + tg_q31_product(127690142, square);
    const int32_t denominator = tg_q31_product(p, sum) + tg_q31_product(638450708, q);
    const int32_t fraction =
        tg_q31_product(tg_divide_by_power_of_two(numerator, 6), tg_one_over_one_plus(denominator));
    return tg_multiply_by_power_of_two(tg_q31_product(power, log_2) + fraction, 1);
}

/* The logarithm of the softmax of each row.
 *
 * input: [rows, depth]; output: [rows, depth], scale 1/16, zero point 127, written in memory order, each
 * element after the last read of the input's element of the same index.
 * Source: LogSoftmaxQuantized in tensorflow/lite/kernels/internal/reference/log_softmax.h. */
static TG_INLINE void tg_log_softmax_s8(const int8_t *input, int8_t *output, struct tg_log_softmax_params p)
{
    for (int32_t row = 0; row < p.rows; ++row) {
        int32_t maximum = INT8_MIN;
        for (int32_t i = 0; i < p.depth; ++i) {
            maximum = input[i] > maximum ? input[i] : maximum;
        }
        /* Q12.19. */
        int32_t sum = 0;
        for (int32_t i = 0; i < p.depth; ++i) {
            const int32_t difference = input[i] - maximum;
            if (difference >= p.least_difference) {
                const int32_t scaled = tg_requantize(difference, p.multiplier, p.shift);
                sum += tg_divide_by_power_of_two(tg_exp_of_negative(scaled), 12);
            }
        }
        const int32_t log_of_sum = tg_log_of_sum(sum);
        const int32_t reach = tg_requantize(log_of_sum + INT32_MIN, p.back_multiplier, p.back_shift);
        const int32_t least = reach > p.least_difference - 1 ? reach : p.least_difference - 1;
        for (int32_t i = 0; i < p.depth; ++i) {
            const int32_t difference = input[i] - maximum;
            int32_t result = INT8_MIN;
            if (difference > least) {
                const int32_t scaled = tg_requantize(difference, p.multiplier, p.shift) - log_of_sum;
                result = tg_divide_by_power_of_two(scaled, 22) + INT8_MAX;
            }
            output[i] = (int8_t)tg_clamp(result, INT8_MIN, INT8_MAX);
        }
        input += p.depth;
        output += p.depth;
    }
}

/* rows: of `depth` elements each. */
struct tg_log_softmax_f32_params {
    int32_t rows;
    int32_t depth;
};

/* The logarithm of the softmax of each row of real values.
 *
 * input, output: [rows, depth], written in memory order, each element after the last read of the input's
 * element of the same index. Source: LogSoftmax in tensorflow/lite/kernels/internal/reference/log_softmax.h. */
static TG_INLINE void tg_log_softmax_f32(const float *input, float *output,
                                         struct tg_log_softmax_f32_params p)
{
    for (int32_t row = 0; row < p.rows; ++row) {
        float maximum = -FLT_MAX;
        for (int32_t i = 0; i < p.depth; ++i) {
            maximum = input[i] > maximum ? input[i] : maximum;
        }
        float sum = 0.0f;
        for (int32_t i = 0; i < p.depth; ++i) {
            sum += expf(input[i] - maximum);
        }
        const float log_of_sum = logf(sum);
        for (int32_t i = 0; i < p.depth; ++i) {
            output[i] = input[i] - maximum - log_of_sum;
        }
        input += p.depth;
        output += p.depth;
    }
}

#endif
