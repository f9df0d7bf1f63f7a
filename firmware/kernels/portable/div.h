/* DIV on int8. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_DIV_H
#define TINYGEN_KERNELS_PORTABLE_DIV_H

#include "../fixed_point.h"
#include "../nest.h"

/* size: elements of the innermost loop; step1, step2: elements from one of its rounds to the next, 0 for an
 * operand that is broadcast along it; levels: loops around it.
 *
 * multiplier, shift: the first input's scale over the product of the others', such that the quotient is
 * shifted by 0..31 bits to the right for all values of the inputs. */
struct tg_div_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t zero1;
    int32_t zero2;
    int32_t multiplier;
    int32_t shift;
    int32_t zero;
    int32_t lowest;
    int32_t highest;
};

/* Bits below the sign bit that only repeat it: 31 of 0 and of -1. */
static TG_INLINE int32_t tg_div_headroom(int32_t x)
{
    const uint32_t magnitude = (uint32_t)(x < 0 ? ~x : x);
    return magnitude == 0 ? 31 : tg_leading_zeros(magnitude) - 1;
}

/* One quotient; a zero divisor, which TFLM leaves undefined, counts as one step above zero.
 *
 * Source: DivElementwise in tensorflow/lite/kernels/internal/reference/div.h and GetReciprocal in
 * tensorflow/lite/kernels/internal/common.h. */
static TG_INLINE int8_t tg_div_of(int32_t x1, int32_t x2, struct tg_div_params p)
{
    const int32_t divisor = x2 - p.zero2 == 0 ? 1 : x2 - p.zero2;
    const int32_t dividend = divisor < 0 ? p.zero1 - x1 : x1 - p.zero1;
    const uint32_t magnitude = (uint32_t)(divisor < 0 ? -divisor : divisor);
    const int32_t zeros = tg_leading_zeros(magnitude);
    /* The magnitude is (1 + fraction) 2^(31 - zeros). */
    const int32_t inverse = tg_one_over_one_plus((int32_t)((magnitude << zeros) - 0x80000000U));
    const int32_t headroom = tg_div_headroom(dividend);
    const int32_t quotient = tg_q31_product((int32_t)((uint32_t)dividend << headroom), inverse);
    const int32_t right = 31 - zeros + headroom - p.shift;
    return tg_output_s8(quotient, p.multiplier, -right, 1, p.zero, p.lowest, p.highest);
}

/* Quotients of two operands that each run on or stay.
 *
 * input1, input2: [1 or size]; output: [size], written in memory order. */
static TG_INLINE void tg_div_s8(const int8_t *input1, const int8_t *input2, int8_t *output,
                                struct tg_div_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = tg_div_of(*input1, *input2, p);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* Quotients of two operands of shapes that broadcast.
 *
 * nest: the loops around the innermost one (tg_nest_next); output: written in memory order. */
static TG_INLINE void tg_div_broadcast_s8(const int8_t *input1, const int8_t *input2, int8_t *output,
                                          const int32_t *nest, struct tg_div_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_div_s8(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

#endif
