/* TFLM's int8 requantization, bit for bit, and clamping. C99 and C++17. */
#ifndef TINYGEN_KERNELS_REQUANTIZE_H
#define TINYGEN_KERNELS_REQUANTIZE_H

#include "common.h"

/* v limited to lo..hi, both included. */
static TG_INLINE int32_t tg_clamp(int32_t v, int32_t lo, int32_t hi)
{
    if (v < lo) {
        v = lo;
    }
    if (v > hi) {
        v = hi;
    }
    return v;
}

/* acc * multiplier * 2^(shift - 31), rounded twice: halves up in the doubling high multiply, then halves
 * away from zero in the right shift.
 *
 * Source: MultiplyByQuantizedMultiplier in tensorflow/lite/kernels/internal/common.cc (the default build,
 * without TFLITE_SINGLE_ROUNDING). A left shift that leaves 32 bits wraps, as there.
 *
 * acc: accumulator; multiplier: 0 or 2^30..2^31-1; shift: -31..30, positive to the left. */
static TG_INLINE int32_t tg_requantize(int32_t acc, int32_t multiplier, int32_t shift)
{
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    const int32_t shifted = (int32_t)((uint32_t)acc << left);
    const int32_t high = (int32_t)(((int64_t)shifted * multiplier + ((int64_t)1 << 30)) >> 31);
    const int32_t mask = (int32_t)(((uint32_t)1 << right) - 1U);
    const int32_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
    return (high >> right) + ((high & mask) > threshold ? 1 : 0);
}

/* tg_requantize for what most layers need, in fewer instructions (a single rounding high multiply where the
 * core has one): the same result provided that -2^30 <= acc < 2^30 and that `shift` is -31..-1.
 *
 * (2 acc) multiplier / 2^32 is the doubling high multiply; taking 1 off negative values first turns halves up
 * into halves away from zero; shifting by one bit less before adding 1 cannot overflow. */
static TG_INLINE int32_t tg_requantize_down(int32_t acc, int32_t multiplier, int32_t shift)
{
    const int64_t product = (int64_t)(acc * 2) * multiplier;
    const int32_t high = (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
    const int32_t biased = high + (high >> 31);
    return ((biased >> (-1 - shift)) + 1) >> 1;
}

/* acc * multiplier * 2^(shift - 31), rounded once, halves up, with the multiplier's upper 16 bits only.
 *
 * Source: MultiplyByQuantizedMultiplier(int64_t, …) in tensorflow/lite/kernels/internal/common.cc, for the
 * accumulators of 64 bits that int16 activations have there. A result beyond 32 bits wraps, as there.
 *
 * acc: -2^47..2^47-1; multiplier: 0 or 2^30..2^31-2^16, a multiple of 2^16; shift: -31..7. */
static TG_INLINE int32_t tg_requantize_once(int64_t acc, int32_t multiplier, int32_t shift)
{
    const int32_t right = 15 - shift;
    return (int32_t)((acc * (multiplier >> 16) + ((int64_t)1 << (right - 1))) >> right);
}

/* tg_requantize_once in fewer instructions (a high multiply where the core has one): the same result for
 * accumulators of 32 bits and a `shift` of -31..-2.
 *
 * The product without its lowest 16 bits lacks nothing that the rounding bit, at bit 16 or above, sees. */
static TG_INLINE int32_t tg_requantize_once_down(int32_t acc, int32_t multiplier, int32_t shift)
{
    const int32_t high = (int32_t)(((int64_t)acc * multiplier) >> 32);
    return ((high >> (-2 - shift)) + 1) >> 1;
}

/* v limited to the range of int8, lo..hi at the narrowest.
 *
 * Arm's SSAT does it in one instruction where the whole range is known to be left; GCC finds that for one
 * value, but not in a loop, where it keeps the limits in registers. */
static TG_INLINE int8_t tg_limit_s8(int32_t v, int32_t lo, int32_t hi)
{
#if defined(__ARM_FEATURE_SAT)
    if (__builtin_constant_p(lo) && __builtin_constant_p(hi) && lo == -128 && hi == 127) {
        __asm__("ssat %0, #8, %1" : "=r"(v) : "r"(v));
        return (int8_t)v;
    }
#endif
    return (int8_t)tg_clamp(v, lo, hi);
}

/* v limited to the range of int16, lo..hi at the narrowest; see tg_limit_s8. */
static TG_INLINE int16_t tg_limit_s16(int32_t v, int32_t lo, int32_t hi)
{
#if defined(__ARM_FEATURE_SAT)
    if (__builtin_constant_p(lo) && __builtin_constant_p(hi) && lo == INT16_MIN && hi == INT16_MAX) {
        __asm__("ssat %0, #16, %1" : "=r"(v) : "r"(v));
        return (int16_t)v;
    }
#endif
    return (int16_t)tg_clamp(v, lo, hi);
}

/* An accumulator as the int8 output: requantized, moved to the output's zero point, limited to lo..hi.
 *
 * any_scale: 0 where the conditions of tg_requantize_down are known to hold. */
static TG_INLINE int8_t tg_output_s8(int32_t acc, int32_t multiplier, int32_t shift, int32_t any_scale,
                                     int32_t zero_point, int32_t lo, int32_t hi)
{
    const int32_t scaled = any_scale ? tg_requantize(acc, multiplier, shift)
                                     : tg_requantize_down(acc, multiplier, shift);
    return tg_limit_s8((int32_t)((uint32_t)scaled + (uint32_t)zero_point), lo, hi);
}

/* An accumulator as the int16 output, whose zero point is 0; see tg_output_s8. */
static TG_INLINE int16_t tg_output_s16(int32_t acc, int32_t multiplier, int32_t shift, int32_t any_scale,
                                       int32_t lo, int32_t hi)
{
    const int32_t scaled = any_scale ? tg_requantize(acc, multiplier, shift)
                                     : tg_requantize_down(acc, multiplier, shift);
    return tg_limit_s16(scaled, lo, hi);
}

/* An accumulator of an op that TFLM sums in 64 bits as the int16 output, whose zero point is 0.
 *
 * any_scale: 0 where the conditions of tg_requantize_once_down are known to hold. */
static TG_INLINE int16_t tg_output_once_s16(int32_t acc, int32_t multiplier, int32_t shift, int32_t any_scale,
                                            int32_t lo, int32_t hi)
{
    const int32_t scaled = any_scale ? tg_requantize_once(acc, multiplier, shift)
                                     : tg_requantize_once_down(acc, multiplier, shift);
    return tg_limit_s16(scaled, lo, hi);
}

/* tg_output_once_s16 for an accumulator of 64 bits. */
static TG_INLINE int16_t tg_output_wide_s16(int64_t acc, int32_t multiplier, int32_t shift, int32_t lo,
                                            int32_t hi)
{
    return tg_limit_s16(tg_requantize_once(acc, multiplier, shift), lo, hi);
}

#endif
