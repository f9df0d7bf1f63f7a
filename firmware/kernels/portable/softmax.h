/* SOFTMAX on int8. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_SOFTMAX_H
#define TINYGEN_KERNELS_PORTABLE_SOFTMAX_H

#include "../requantize.h"

/* rows: of `depth` elements each, 1..4095; multiplier, shift: beta times the input's scale as a factor to
 * Q5.26, shift 0..30; least_difference: differences to the maximum below it count as minus infinity. */
struct tg_softmax_params {
    int32_t rows;
    int32_t depth;
    int32_t multiplier;
    int32_t shift;
    int32_t least_difference;
};

/* The product of two numbers in Q0.31 (or of one of them and one in another format), rounded to nearest. */
static TG_INLINE int32_t tg_q31_product(int32_t a, int32_t b)
{
    return tg_requantize(a, b, 0);
}

/* x / 2^exponent rounded to nearest, halves away from zero; exponent: 0..31. */
static TG_INLINE int32_t tg_divide_by_power_of_two(int32_t x, int32_t exponent)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << exponent) - 1U);
    const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

/* e^x for x in [-1/4, 0), both in Q0.31: a Taylor polynomial of degree 4 about -1/8.
 *
 * Source: exp_on_interval_between_negative_one_quarter_and_0_excl in gemmlowp/fixedpoint/fixedpoint.h. */
static TG_INLINE int32_t tg_exp_of_fraction(int32_t fraction)
{
    const int32_t exp_of_minus_eighth = 1895147668;
    const int32_t third = 715827883;
    const int32_t x = fraction + ((int32_t)1 << 28);
    const int32_t x2 = tg_q31_product(x, x);
    const int32_t x3 = tg_q31_product(x2, x);
    const int32_t x4 = tg_q31_product(x2, x2);
    const int32_t x4_by_4 = tg_divide_by_power_of_two(x4, 2);
    const int32_t rest = tg_divide_by_power_of_two(tg_q31_product(x4_by_4 + x3, third) + x2, 1);
    return exp_of_minus_eighth + tg_q31_product(exp_of_minus_eighth, x + rest);
}

/* e^x in Q0.31 for x <= 0 in Q5.26: the fraction below a quarter by polynomial, then a factor for each bit of
 * the quarters. Source: exp_on_negative_values in gemmlowp/fixedpoint/fixedpoint.h. */
static TG_SHARED int32_t tg_exp_of_negative(int32_t x)
{
    if (x == 0) {
        return INT32_MAX;
    }
    /* e^-(2^i) for i = -2..4. */
    static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const int32_t quarter = (int32_t)1 << 24;
    const int32_t fraction = (x & (quarter - 1)) - quarter;
    const int32_t quarters = (fraction - x) >> 24;
    int32_t result = tg_exp_of_fraction(fraction * 32);
    for (int32_t bit = 0; bit < 7; ++bit) {
        if ((quarters >> bit & 1) != 0) {
            result = tg_q31_product(result, factors[bit]);
        }
    }
    return result;
}

/* 1 / (1 + x) in Q0.31 for x in [0, 1) in Q0.31: three rounds of Newton and Raphson on the half denominator.
 *
 * Source: one_over_one_plus_x_for_x_in_0_1 in gemmlowp/fixedpoint/fixedpoint.h. */
static TG_INLINE int32_t tg_one_over_one_plus(int32_t x)
{
    const int32_t q29_48_over_17 = 1515870810;
    const int32_t q29_minus_32_over_17 = -1010580540;
    const int32_t half_denominator = (int32_t)(((uint32_t)x + 0x80000000U) >> 1);
    int32_t inverse = q29_48_over_17 + tg_q31_product(half_denominator, q29_minus_32_over_17);
    for (int32_t round = 0; round < 3; ++round) {
        const int32_t error = ((int32_t)1 << 29) - tg_q31_product(half_denominator, inverse);
        inverse += tg_q31_product(inverse, error) * 4;
    }
    return inverse < ((int32_t)1 << 30) ? inverse * 2 : INT32_MAX;
}

/* Leading zero bits of a number above 0. */
static TG_INLINE int32_t tg_leading_zeros(uint32_t x)
{
#if defined(__GNUC__)
    return __builtin_clz(x);
#else
    int32_t zeros = 0;
    while ((x & 0x80000000U) == 0) {
        x <<= 1;
        ++zeros;
    }
    return zeros;
#endif
}

/* Each element's difference to the row's maximum as a number in Q5.26, and e to that power in Q0.31. */
static TG_INLINE int32_t tg_softmax_power(int32_t difference, struct tg_softmax_params p)
{
    if (difference < p.least_difference) {
        return 0;
    }
    return tg_exp_of_negative(tg_requantize(difference, p.multiplier, p.shift));
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
        int32_t maximum = INT8_MIN;
        for (int32_t i = 0; i < p.depth; ++i) {
            maximum = input[i] > maximum ? input[i] : maximum;
        }
        /* Q12.19. */
        int32_t sum = 0;
        for (int32_t i = 0; i < p.depth; ++i) {
            sum += tg_divide_by_power_of_two(tg_softmax_power(input[i] - maximum, p), 12);
        }
        const int32_t zeros = tg_leading_zeros((uint32_t)sum);
        const int32_t exponent = 12 - zeros + 31 - 8;
        const int32_t inverse = tg_one_over_one_plus((int32_t)(((uint32_t)sum << zeros) - 0x80000000U));
        for (int32_t i = 0; i < p.depth; ++i) {
            int32_t result = 0;
            if (exponent < 32) {
                const int32_t scaled = tg_q31_product(inverse, tg_softmax_power(input[i] - maximum, p));
                result = tg_divide_by_power_of_two(scaled, exponent);
            }
            output[i] = (int8_t)(result < 255 ? result + INT8_MIN : INT8_MAX);
        }
        input += p.depth;
        output += p.depth;
    }
}

#endif
