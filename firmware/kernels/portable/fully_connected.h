/* FULLY_CONNECTED.
 *
 * Same numbers as TFLM's reference kernels (tensorflow/lite/kernels/internal/reference/integer_ops/
 * fully_connected.h and reference/fully_connected.h). The input's zero point is folded into the bias; four
 * outputs are computed at a time. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_FULLY_CONNECTED_H
#define TINYGEN_KERNELS_PORTABLE_FULLY_CONNECTED_H

#include "../linear.h"

struct tg_fully_connected_params {
    int32_t arithmetic; /* set by the template for the types */
    int32_t rows;
    int32_t depth;        /* inputs of a row */
    int32_t units;        /* outputs of a row */
    int32_t output_pitch; /* elements from row to row */
    int32_t per_channel;  /* whether each unit has its own multiplier and shift, or all share one */
    int32_t any_scale;    /* this and the next: as in struct tg_result */
    int32_t output_zero_point;
    int32_t lo;
    int32_t hi;
    float lowest;
    float highest;
};

/* Write accumulator i as the output of `unit`. */
static TG_INLINE void tg_fully_connected_finish(void *output, const struct tg_sums *sums, int32_t i,
                                                int32_t unit, struct tg_channels channels,
                                                struct tg_fully_connected_params p)
{
    const int32_t type = p.arithmetic;
    const struct tg_result result = {type, p.any_scale, p.output_zero_point, p.lo, p.hi, p.lowest, p.highest};
    const int32_t channel = type == TG_F32 || p.per_channel ? unit : 0;
    const struct tg_scale scale = tg_scale_of(tg_channel_at(channels, channel, type), type);
    tg_finish(tg_output_at(output, unit, type), sums, i, scale, result);
}

/* Product of a matrix of inputs and one of weights with types that `p` names.
 *
 * input: [rows][depth]; output: [rows][units] at output_pitch. filter: blocks of four units as [depth][4],
 * then the remaining ones as [depth] each. bias (with -zero point * sum of the weights folded in): one per
 * unit; multiplier and shift: one per unit, or one for all. */
static TG_INLINE void tg_fully_connected(const void *input, void *output, const void *filter,
                                         struct tg_channels channels, struct tg_fully_connected_params p)
{
    const int32_t type = p.arithmetic;
    for (int32_t row = 0; row < p.rows; ++row) {
        const void *w = filter;
        int32_t unit = 0;
        for (; unit + 4 <= p.units; unit += 4) {
            struct tg_sums sums;
            tg_start_4(&sums, tg_bias_at(channels.bias, unit, type), type);
            tg_dot_4(&sums, input, w, p.depth, type);
            struct tg_sums done;
            tg_move_4(&done, &sums, 0, type);
            for (int32_t i = 0; i < 4; ++i) {
                tg_fully_connected_finish(output, &done, i, unit + i, channels, p);
            }
            w = tg_weight_at(w, 4 * p.depth, type);
        }
        for (; unit < p.units; ++unit) {
            struct tg_sums sums;
            tg_start(&sums, 0, tg_bias_at(channels.bias, unit, type), type);
            tg_dot_1(&sums, input, w, 0, p.depth, type);
            tg_fully_connected_finish(output, &sums, 0, unit, channels, p);
            w = tg_next_filter(w, p.depth, type);
        }
        input = tg_input_at(input, p.depth, type);
        output = tg_output_at(output, p.output_pitch, type);
    }
}

/* tg_fully_connected of int8. */
static TG_INLINE void tg_fully_connected_s8(const int8_t *input, int8_t *output, const int8_t *filter,
                                            const int32_t *bias, const int32_t *multiplier,
                                            const int8_t *shift, struct tg_fully_connected_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S8_S8;
    tg_fully_connected(input, output, filter, channels, p);
}

/* tg_fully_connected of int8 with weights of four bits; one that is not interleaved starts in a new byte. */
static TG_INLINE void tg_fully_connected_s8_s4(const int8_t *input, int8_t *output, const uint8_t *filter,
                                               const int32_t *bias, const int32_t *multiplier,
                                               const int8_t *shift, struct tg_fully_connected_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S8_S4;
    tg_fully_connected(input, output, filter, channels, p);
}

/* tg_fully_connected of int16, rounded as TFLM does for a bias of 32 bits. */
static TG_INLINE void tg_fully_connected_s16_bias32(const int16_t *input, int16_t *output,
                                                    const int8_t *filter, const int32_t *bias,
                                                    const int32_t *multiplier, const int8_t *shift,
                                                    struct tg_fully_connected_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S16_BIAS32;
    tg_fully_connected(input, output, filter, channels, p);
}

/* tg_fully_connected of int16, rounded as TFLM does for a bias of 64 bits. */
static TG_INLINE void tg_fully_connected_s16(const int16_t *input, int16_t *output, const int8_t *filter,
                                             const int32_t *bias, const int32_t *multiplier,
                                             const int8_t *shift, struct tg_fully_connected_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S16_S8;
    tg_fully_connected(input, output, filter, channels, p);
}

/* tg_fully_connected_s16 for sums that may need more than 32 bits. */
static TG_INLINE void tg_fully_connected_s16_wide(const int16_t *input, int16_t *output, const int8_t *filter,
                                                  const int64_t *bias, const int32_t *multiplier,
                                                  const int8_t *shift, struct tg_fully_connected_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S16_S8_WIDE;
    tg_fully_connected(input, output, filter, channels, p);
}

/* tg_fully_connected of float. */
static TG_INLINE void tg_fully_connected_f32(const float *input, float *output, const float *filter,
                                             const float *bias, struct tg_fully_connected_params p)
{
    const struct tg_channels channels = {bias, NULL, NULL};
    p.arithmetic = TG_F32;
    tg_fully_connected(input, output, filter, channels, p);
}

#endif
