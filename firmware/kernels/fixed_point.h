/* gemmlowp's fixed-point functions, bit for bit. C99 and C++17.
 *
 * A number "in Qm.n" is an int32_t with m integer bits, n fraction bits and a sign.
 * Source: fixedpoint/fixedpoint.h of gemmlowp, which TFLM computes with. */
#ifndef TINYGEN_KERNELS_FIXED_POINT_H
#define TINYGEN_KERNELS_FIXED_POINT_H

#include "requantize.h"

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

/* x * 2^exponent, saturated; exponent: 0..30. */
static TG_INLINE int32_t tg_multiply_by_power_of_two(int32_t x, int32_t exponent)
{
    const int32_t limit = INT32_MAX >> exponent;
    if (x > limit) {
        return INT32_MAX;
    }
    return x < -limit ? INT32_MIN : (int32_t)((uint32_t)x << exponent);
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

/* e^x for x in [-1/4, 0), both in Q0.31: a Taylor polynomial of degree 4 about -1/8.
 *
 * Source: exp_on_interval_between_negative_one_quarter_and_0_excl. */
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
 * the quarters. Source: exp_on_negative_values. */
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
 * Source: one_over_one_plus_x_for_x_in_0_1. */
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

/* A factor as tg_requantize takes it. */
struct tg_factor {
    int32_t multiplier;
    int32_t shift;
};

/* 1 / sqrt(x); x: 0..INT32_MAX, where 0 counts as 1. Five rounds of Newton and Raphson in Q3.28.
 *
 * Source: GetInvSqrtQuantizedMultiplierExp in tensorflow/lite/kernels/internal/common.h. */
static TG_SHARED struct tg_factor tg_inverse_sqrt(int32_t x)
{
    struct tg_factor result = {INT32_MAX, 0};
    if (x <= 1) {
        return result;
    }
    int32_t right = 11;
    while (x >= (int32_t)1 << 29) {
        x /= 4;
        ++right;
    }
    const int32_t pairs = (tg_leading_zeros((uint32_t)x) - 1) / 2 - 1;
    right -= pairs;
    const int32_t half_sqrt_2 = 1518500250;
    const int32_t three_halves = ((int32_t)1 << 28) + ((int32_t)1 << 27);
    const int32_t half = tg_divide_by_power_of_two((x << (2 * pairs)) >> 1, 1);
    int32_t root = (int32_t)1 << 28;
    for (int32_t round = 0; round < 5; ++round) {
        const int32_t cube = tg_q31_product(tg_q31_product(root, root), root) * 64;
        root = (tg_q31_product(three_halves, root) - tg_q31_product(half, cube)) * 8;
    }
    result.multiplier = tg_q31_product(root, half_sqrt_2);
    if (right < 0) {
        result.multiplier <<= -right;
        right = 0;
    }
    result.shift = -right;
    return result;
}

#endif
