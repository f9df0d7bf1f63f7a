/* TRANSPOSE_CONV, output by output: no scratch for sums.
 *
 * Same numbers as TFLM's reference kernels (tensorflow/lite/kernels/internal/reference/integer_ops/
 * transpose_conv.h and reference/transpose_conv.h), which scatter each input over the outputs that it
 * reaches. Here each output gathers the inputs that reach it, from first to last, so that float sums are the
 * same bit for bit. Four output channels are computed at a time. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_TRANSPOSE_CONV_H
#define TINYGEN_KERNELS_PORTABLE_TRANSPOSE_CONV_H

#include "../linear.h"

struct tg_transpose_conv_params {
    int32_t arithmetic; /* set by the template for the types */
    int32_t input_h;
    int32_t input_w;
    int32_t input_pitch; /* elements from pixel to pixel */
    int32_t output_h;
    int32_t output_w;
    int32_t output_pitch;
    int32_t output_channels;
    int32_t filter_h;
    int32_t filter_w;
    int32_t channels; /* of the input */
    int32_t stride_h;
    int32_t stride_w;
    int32_t pad_top;
    int32_t pad_left;
    int32_t input_zero_point;
    int32_t any_scale; /* this and the next: as in struct tg_result */
    int32_t output_zero_point;
    int32_t lo;
    int32_t hi;
    float lowest;
    float highest;
};

/* Along one axis the inputs first..end-1 that reach an output, by the tap position - stride * input. */
struct tg_transpose_conv_span {
    int32_t position;
    int32_t first;
    int32_t end;
};

/* The inputs that reach the output at `position`, counted from the start of the padding. */
static TG_INLINE struct tg_transpose_conv_span tg_transpose_conv_span_at(int32_t position, int32_t stride,
                                                                         int32_t taps, int32_t inputs)
{
    struct tg_transpose_conv_span span = {position, 0, position / stride + 1};
    if (position >= taps) {
        span.first = (position - taps) / stride + 1;
    }
    if (span.end > inputs) {
        span.end = inputs;
    }
    return span;
}

/* Accumulators 0..filters-1 += the dot products of 4 interleaved filters, or of 1, with the inputs that reach
 * one output pixel. */
static TG_INLINE void tg_transpose_conv_window(struct tg_sums *sums, int32_t filters, const void *input,
                                               const void *filter, struct tg_transpose_conv_span rows,
                                               struct tg_transpose_conv_span columns,
                                               struct tg_transpose_conv_params p)
{
    const int32_t type = p.arithmetic;
    for (int32_t y = rows.first; y < rows.end; ++y) {
        const int32_t ky = rows.position - y * p.stride_h;
        for (int32_t x = columns.first; x < columns.end; ++x) {
            const int32_t kx = columns.position - x * p.stride_w;
            const int32_t tap = (ky * p.filter_w + kx) * p.channels;
            const void *const pixel = tg_input_at(input, (y * p.input_w + x) * p.input_pitch, type);
            if (filters == 4) {
                const void *const w = tg_weight_at(filter, 4 * tap, type);
                tg_centred_dot_4(sums, pixel, p.input_zero_point, w, p.channels, type);
            } else {
                tg_dot_1(sums, pixel, filter, tap, p.channels, type);
                tg_outside_1(sums, -p.input_zero_point, filter, tap, p.channels, type);
            }
        }
    }
}

/* Write accumulator i as the output of channel o. */
static TG_INLINE void tg_transpose_conv_finish(void *output, const struct tg_sums *sums, int32_t i, int32_t o,
                                               struct tg_channels channels, struct tg_transpose_conv_params p)
{
    const int32_t type = p.arithmetic;
    const struct tg_result result = {type, p.any_scale, p.output_zero_point, p.lo, p.hi, p.lowest, p.highest};
    const struct tg_scale scale = tg_scale_of(tg_channel_at(channels, o, type), type);
    tg_finish(tg_output_at(output, o, type), sums, i, scale, result);
}

/* All output channels of one pixel. */
static TG_INLINE void tg_transpose_conv_pixel(const void *input, void *output, const void *filter,
                                              struct tg_channels channels, struct tg_transpose_conv_span rows,
                                              struct tg_transpose_conv_span columns,
                                              struct tg_transpose_conv_params p)
{
    const int32_t type = p.arithmetic;
    const int32_t taps = p.filter_h * p.filter_w * p.channels;
    int32_t o = 0;
    for (; o + 4 <= p.output_channels; o += 4) {
        struct tg_sums sums;
        tg_start_4(&sums, tg_bias_at(channels.bias, o, type), type);
        tg_transpose_conv_window(&sums, 4, input, filter, rows, columns, p);
        struct tg_sums done;
        tg_move_4(&done, &sums, 0, type);
        for (int32_t i = 0; i < 4; ++i) {
            tg_transpose_conv_finish(output, &done, i, o + i, channels, p);
        }
        filter = tg_weight_at(filter, 4 * taps, type);
    }
    for (; o < p.output_channels; ++o) {
        struct tg_sums sums;
        tg_start(&sums, 0, tg_bias_at(channels.bias, o, type), type);
        tg_transpose_conv_window(&sums, 1, input, filter, rows, columns, p);
        tg_transpose_conv_finish(output, &sums, 0, o, channels, p);
        filter = tg_weight_at(filter, taps, type);
    }
}

/* Transposed convolution of one image with types that `p` names.
 *
 * input: [input_h][input_w][channels] at input_pitch; output: [output_h][output_w][output_channels] at
 * output_pitch. filter: blocks of four output channels as [filter_h][filter_w][channels][4], then the
 * remaining ones as [filter_h][filter_w][channels] each. bias (the model's own), multiplier and shift: one
 * per output channel. */
static TG_INLINE void tg_transpose_conv(const void *input, void *output, const void *filter,
                                        struct tg_channels channels, struct tg_transpose_conv_params p)
{
    for (int32_t oy = 0; oy < p.output_h; ++oy) {
        const struct tg_transpose_conv_span rows =
            tg_transpose_conv_span_at(oy + p.pad_top, p.stride_h, p.filter_h, p.input_h);
        for (int32_t ox = 0; ox < p.output_w; ++ox) {
            const struct tg_transpose_conv_span columns =
                tg_transpose_conv_span_at(ox + p.pad_left, p.stride_w, p.filter_w, p.input_w);
            tg_transpose_conv_pixel(input, output, filter, channels, rows, columns, p);
            output = tg_output_at(output, p.output_pitch, p.arithmetic);
        }
    }
}

/* tg_transpose_conv of int8. */
static TG_INLINE void tg_transpose_conv_s8(const int8_t *input, int8_t *output, const int8_t *filter,
                                           const int32_t *bias, const int32_t *multiplier,
                                           const int8_t *shift, struct tg_transpose_conv_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S8_S8;
    tg_transpose_conv(input, output, filter, channels, p);
}

/* tg_transpose_conv of int16, rounded as TFLM does for a bias of 64 bits. */
static TG_INLINE void tg_transpose_conv_s16(const int16_t *input, int16_t *output, const int8_t *filter,
                                            const int32_t *bias, const int32_t *multiplier,
                                            const int8_t *shift, struct tg_transpose_conv_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S16_S8;
    tg_transpose_conv(input, output, filter, channels, p);
}

/* tg_transpose_conv_s16 for sums that may need more than 32 bits. */
static TG_INLINE void tg_transpose_conv_s16_wide(const int16_t *input, int16_t *output, const int8_t *filter,
                                                 const int64_t *bias, const int32_t *multiplier,
                                                 const int8_t *shift, struct tg_transpose_conv_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S16_S8_WIDE;
    tg_transpose_conv(input, output, filter, channels, p);
}

/* tg_transpose_conv of float. */
static TG_INLINE void tg_transpose_conv_f32(const float *input, float *output, const float *filter,
                                            const float *bias, struct tg_transpose_conv_params p)
{
    const struct tg_channels channels = {bias, NULL, NULL};
    p.arithmetic = TG_F32;
    tg_transpose_conv(input, output, filter, channels, p);
}

#endif
