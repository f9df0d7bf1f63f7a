/* The arithmetic of convolutions and fully connected layers: weighted sums and what becomes of them, for all
 * combinations of types. Templates are written once for an `arithmetic` that each instance knows, so that
 * only its own sums remain in the code. C99 and C++17. */
#ifndef TINYGEN_KERNELS_LINEAR_H
#define TINYGEN_KERNELS_LINEAR_H

#include "dot_f32.h"
#include "dot_s16.h"
#include "dot_s4.h"
#include "dot_s8.h"
#include "requantize.h"

/* Types of activations and weights, and of the accumulators.
 *
 * TG_S8_S8: int8, int32 accumulators, requantized with two roundings.
 * TG_S8_S4: the same with weights of four bits, packed as dot_s4.h reads them.
 * TG_S16_BIAS32: int16 activations, int8 weights, int32 accumulators, requantized with two roundings.
 * TG_S16_S8: the same, requantized with one rounding.
 * TG_S16_S8_WIDE: the same with int64 accumulators.
 * TG_F32: float. */
enum { TG_S8_S8, TG_S8_S4, TG_S16_BIAS32, TG_S16_S8, TG_S16_S8_WIDE, TG_F32 };

/* Up to eight accumulators, of which those of the arithmetic's type are used. */
struct tg_sums {
    int32_t s32[8];
    int64_t s64[8];
    float f32[8];
};

/* Tables with an entry for each output channel; float has biases only.
 *
 * bias: int32, int64 where the accumulators are, or float. */
struct tg_channels {
    const void *bias;
    const int32_t *multiplier;
    const int8_t *shift;
};

/* A channel's entries of these tables, read: what makes outputs of its sums. */
struct tg_scale {
    int32_t multiplier;
    int32_t shift;
    float bias;
};

/* What becomes of a sum.
 *
 * any_scale: as for tg_output_s8 and tg_output_once_s16; zero_point, lo, hi: of integer outputs;
 * lowest, highest: limits of float outputs. */
struct tg_result {
    int32_t arithmetic;
    int32_t any_scale;
    int32_t zero_point;
    int32_t lo;
    int32_t hi;
    float lowest;
    float highest;
};

/* The activation at `index` of an array. */
static TG_INLINE const void *tg_input_at(const void *input, int32_t index, int32_t arithmetic)
{
    if (arithmetic == TG_F32) {
        return (const float *)input + index;
    }
    return arithmetic <= TG_S8_S4 ? (const void *)((const int8_t *)input + index)
                                  : (const void *)((const int16_t *)input + index);
}

/* tg_input_at of an output. */
static TG_INLINE void *tg_output_at(void *output, int32_t index, int32_t arithmetic)
{
    if (arithmetic == TG_F32) {
        return (float *)output + index;
    }
    return arithmetic <= TG_S8_S4 ? (void *)((int8_t *)output + index) : (void *)((int16_t *)output + index);
}

/* The weight at `index` of an array; of packed weights an even one. */
static TG_INLINE const void *tg_weight_at(const void *w, int32_t index, int32_t arithmetic)
{
    if (arithmetic == TG_F32) {
        return (const float *)w + index;
    }
    return (const int8_t *)w + (arithmetic == TG_S8_S4 ? index >> 1 : index);
}

/* The filter after one of `taps` weights that starts at `w`; packed filters take whole bytes. */
static TG_INLINE const void *tg_next_filter(const void *w, int32_t taps, int32_t arithmetic)
{
    return tg_weight_at(w, arithmetic == TG_S8_S4 ? taps + 1 : taps, arithmetic);
}

/* Weights, with the gaps between packed ones, of a group of filters: blocks of four, then single ones. */
static TG_INLINE int32_t tg_filters_size(int32_t filters, int32_t taps, int32_t arithmetic)
{
    const int32_t gap = arithmetic == TG_S8_S4 ? taps & 1 : 0;
    return filters * taps + (filters & 3) * gap;
}

/* The bias at `index` of an array of accumulators. */
static TG_INLINE const void *tg_bias_at(const void *bias, int32_t index, int32_t arithmetic)
{
    if (arithmetic == TG_F32) {
        return (const float *)bias + index;
    }
    return arithmetic == TG_S16_S8_WIDE ? (const void *)((const int64_t *)bias + index)
                                        : (const void *)((const int32_t *)bias + index);
}

/* Accumulator i starts with a bias; a float one with 0, as TFLM adds the bias last. */
static TG_INLINE void tg_start(struct tg_sums *sums, int32_t i, const void *bias, int32_t arithmetic)
{
    if (arithmetic == TG_F32) {
        sums->f32[i] = 0.0F;
    } else if (arithmetic == TG_S16_S8_WIDE) {
        sums->s64[i] = *(const int64_t *)bias;
    } else {
        sums->s32[i] = *(const int32_t *)bias;
    }
}

/* Accumulators 0..3 start with four biases. */
static TG_INLINE void tg_start_4(struct tg_sums *sums, const void *bias, int32_t arithmetic)
{
    tg_start(sums, 0, bias, arithmetic);
    tg_start(sums, 1, tg_bias_at(bias, 1, arithmetic), arithmetic);
    tg_start(sums, 2, tg_bias_at(bias, 2, arithmetic), arithmetic);
    tg_start(sums, 3, tg_bias_at(bias, 3, arithmetic), arithmetic);
}

/* Accumulators 0..3 and 4..7 start with the same four biases. */
static TG_INLINE void tg_start_4x2(struct tg_sums *sums, const void *bias, int32_t arithmetic)
{
    tg_start_4(sums, bias, arithmetic);
    tg_start(sums, 4, bias, arithmetic);
    tg_start(sums, 5, tg_bias_at(bias, 1, arithmetic), arithmetic);
    tg_start(sums, 6, tg_bias_at(bias, 2, arithmetic), arithmetic);
    tg_start(sums, 7, tg_bias_at(bias, 3, arithmetic), arithmetic);
}

/* Accumulators 0..3 += the dot products of x with four interleaved filters of n weights. */
static TG_INLINE void tg_dot_4(struct tg_sums *sums, const void *x, const void *w, int32_t n,
                               int32_t arithmetic)
{
    if (arithmetic == TG_S8_S8) {
        tg_dot_4_s8(sums->s32, (const int8_t *)x, (const int8_t *)w, n);
    } else if (arithmetic == TG_S8_S4) {
        tg_dot_4_s8_s4(sums->s32, (const int8_t *)x, (const uint8_t *)w, n);
    } else if (arithmetic == TG_S16_S8_WIDE) {
        tg_dot_4_s16_wide(sums->s64, (const int16_t *)x, (const int8_t *)w, n);
    } else if (arithmetic == TG_F32) {
        tg_dot_4_f32(sums->f32, (const float *)x, (const float *)w, n);
    } else {
        tg_dot_4_s16(sums->s32, (const int16_t *)x, (const int8_t *)w, n);
    }
}

/* tg_dot_4 of inputs less their zero point, for sums whose taps differ: no bias can have it folded in. */
static TG_INLINE void tg_centred_dot_4(struct tg_sums *sums, const void *x, int32_t zero_point, const void *w,
                                       int32_t n, int32_t arithmetic)
{
    if (arithmetic == TG_S8_S8) {
        tg_centred_dot_4_s8(sums->s32, (const int8_t *)x, zero_point, (const int8_t *)w, n);
    } else {
        tg_dot_4(sums, x, w, n, arithmetic);
    }
}

/* tg_dot_4 of x for accumulators 0..3 and of y for accumulators 4..7. */
static TG_INLINE void tg_dot_4x2(struct tg_sums *sums, const void *x, const void *y, const void *w, int32_t n,
                                 int32_t arithmetic)
{
    if (arithmetic == TG_S8_S8) {
        tg_dot_4x2_s8(sums->s32, (const int8_t *)x, (const int8_t *)y, (const int8_t *)w, n);
    } else if (arithmetic == TG_S8_S4) {
        tg_dot_4x2_s8_s4(sums->s32, (const int8_t *)x, (const int8_t *)y, (const uint8_t *)w, n);
    } else if (arithmetic == TG_S16_S8_WIDE) {
        /* Eight accumulators of 64 bits would not stay in registers. */
        tg_dot_4_s16_wide(sums->s64, (const int16_t *)x, (const int8_t *)w, n);
        tg_dot_4_s16_wide(sums->s64 + 4, (const int16_t *)y, (const int8_t *)w, n);
    } else if (arithmetic == TG_F32) {
        tg_dot_4x2_f32(sums->f32, (const float *)x, (const float *)y, (const float *)w, n);
    } else {
        tg_dot_4x2_s16(sums->s32, (const int16_t *)x, (const int16_t *)y, (const int8_t *)w, n);
    }
}

/* Accumulators 0..3 += the dot products of n inputs of 0, stored as zero_point, with four interleaved
 * filters: what taps in the padding add where the bias has the zero point folded in. */
static TG_INLINE void tg_outside_4(struct tg_sums *sums, int32_t zero_point, const void *w, int32_t n,
                                   int32_t arithmetic)
{
    if (arithmetic == TG_S8_S8) {
        tg_sum_4_s8(sums->s32, zero_point, (const int8_t *)w, n);
    } else if (arithmetic == TG_S8_S4) {
        tg_sum_4_s4(sums->s32, zero_point, (const uint8_t *)w, n);
    }
}

/* tg_outside_4 for accumulators 0..3 and 4..7 alike. */
static TG_INLINE void tg_outside_4x2(struct tg_sums *sums, int32_t zero_point, const void *w, int32_t n,
                                     int32_t arithmetic)
{
    if (arithmetic <= TG_S8_S4) {
        struct tg_sums outside;
        outside.s32[0] = outside.s32[1] = outside.s32[2] = outside.s32[3] = 0;
        tg_outside_4(&outside, zero_point, w, n, arithmetic);
        sums->s32[0] += outside.s32[0];
        sums->s32[1] += outside.s32[1];
        sums->s32[2] += outside.s32[2];
        sums->s32[3] += outside.s32[3];
        sums->s32[4] += outside.s32[0];
        sums->s32[5] += outside.s32[1];
        sums->s32[6] += outside.s32[2];
        sums->s32[7] += outside.s32[3];
    }
}

/* Accumulator 0 += the dot product of x with the n weights of a filter from `first` on. */
static TG_INLINE void tg_dot_1(struct tg_sums *sums, const void *x, const void *w, int32_t first, int32_t n,
                               int32_t arithmetic)
{
    if (arithmetic == TG_S8_S8) {
        sums->s32[0] += tg_dot_s8((const int8_t *)x, (const int8_t *)w + first, n);
    } else if (arithmetic == TG_S8_S4) {
        sums->s32[0] += tg_dot_s8_s4((const int8_t *)x, (const uint8_t *)w, first, n);
    } else if (arithmetic == TG_S16_S8_WIDE) {
        sums->s64[0] += tg_dot_s16_wide((const int16_t *)x, (const int8_t *)w + first, n);
    } else if (arithmetic == TG_F32) {
        sums->f32[0] = tg_dot_f32(sums->f32[0], (const float *)x, (const float *)w + first, n);
    } else {
        sums->s32[0] += tg_dot_s16((const int16_t *)x, (const int8_t *)w + first, n);
    }
}

/* tg_outside_4 for accumulator 0 and the n weights of a filter from `first` on. */
static TG_INLINE void tg_outside_1(struct tg_sums *sums, int32_t zero_point, const void *w, int32_t first,
                                   int32_t n, int32_t arithmetic)
{
    if (arithmetic == TG_S8_S8) {
        sums->s32[0] += zero_point * tg_sum_s8((const int8_t *)w + first, n);
    } else if (arithmetic == TG_S8_S4) {
        sums->s32[0] += zero_point * tg_sum_s4((const uint8_t *)w, first, n);
    }
}

/* An input or a weight: the member of its type. */
struct tg_value {
    int32_t s32;
    float f32;
};

/* The input at `index` of an array. */
static TG_INLINE struct tg_value tg_load_input(const void *input, int32_t index, int32_t arithmetic)
{
    struct tg_value value = {0, 0.0F};
    if (arithmetic == TG_F32) {
        value.f32 = ((const float *)input)[index];
    } else if (arithmetic <= TG_S8_S4) {
        value.s32 = ((const int8_t *)input)[index];
    } else {
        value.s32 = ((const int16_t *)input)[index];
    }
    return value;
}

/* The weight at `index` of an array. */
static TG_INLINE struct tg_value tg_load_weight(const void *w, int32_t index, int32_t arithmetic)
{
    struct tg_value value = {0, 0.0F};
    if (arithmetic == TG_F32) {
        value.f32 = ((const float *)w)[index];
    } else if (arithmetic == TG_S8_S4) {
        value.s32 = tg_weight_s4((const uint8_t *)w, index);
    } else {
        value.s32 = ((const int8_t *)w)[index];
    }
    return value;
}

/* Accumulator i += x * w. */
static TG_INLINE void tg_mac(struct tg_sums *sums, int32_t i, struct tg_value x, struct tg_value w,
                             int32_t arithmetic)
{
    if (arithmetic == TG_F32) {
        sums->f32[i] += x.f32 * w.f32;
    } else if (arithmetic == TG_S16_S8_WIDE) {
        sums->s64[i] += (int64_t)x.s32 * w.s32;
    } else {
        sums->s32[i] += x.s32 * w.s32;
    }
}

/* Accumulators first..first+3 of `from`, away from those that a loop keeps in registers. */
static TG_INLINE void tg_move_4(struct tg_sums *to, const struct tg_sums *from, int32_t first,
                                int32_t arithmetic)
{
    TG_UNROLL
    for (int32_t i = first; i < first + 4; ++i) {
        if (arithmetic == TG_F32) {
            to->f32[i] = from->f32[i];
        } else if (arithmetic == TG_S16_S8_WIDE) {
            to->s64[i] = from->s64[i];
        } else {
            to->s32[i] = from->s32[i];
        }
    }
}

/* The channel `index` of a table. */
static TG_INLINE struct tg_channels tg_channel_at(struct tg_channels channels, int32_t index,
                                                  int32_t arithmetic)
{
    channels.bias = tg_bias_at(channels.bias, index, arithmetic);
    if (arithmetic != TG_F32) {
        channels.multiplier += index;
        channels.shift += index;
    }
    return channels;
}

/* The first of `channels`, read. */
static TG_INLINE struct tg_scale tg_scale_of(struct tg_channels channels, int32_t arithmetic)
{
    struct tg_scale scale = {0, 0, 0.0F};
    if (arithmetic == TG_F32) {
        scale.bias = *(const float *)channels.bias;
    } else {
        scale.multiplier = *channels.multiplier;
        scale.shift = *channels.shift;
    }
    return scale;
}

/* Write accumulator i as an output of the channel with `scale`; an integer one has its bias in it already. */
static TG_INLINE void tg_finish(void *output, const struct tg_sums *sums, int32_t i, struct tg_scale scale,
                                struct tg_result p)
{
    const int32_t type = p.arithmetic;
    if (type == TG_F32) {
        *(float *)output = tg_clamp_f32(sums->f32[i] + scale.bias, p.lowest, p.highest);
    } else if (type == TG_S16_S8_WIDE) {
        *(int16_t *)output = tg_output_wide_s16(sums->s64[i], scale.multiplier, scale.shift, p.lo, p.hi);
    } else if (type == TG_S16_S8) {
        *(int16_t *)output =
            tg_output_once_s16(sums->s32[i], scale.multiplier, scale.shift, p.any_scale, p.lo, p.hi);
    } else if (type == TG_S16_BIAS32) {
        *(int16_t *)output =
            tg_output_s16(sums->s32[i], scale.multiplier, scale.shift, p.any_scale, p.lo, p.hi);
    } else {
        *(int8_t *)output = tg_output_s8(sums->s32[i], scale.multiplier, scale.shift, p.any_scale,
                                         p.zero_point, p.lo, p.hi);
    }
}

#endif
