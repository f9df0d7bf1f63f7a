/* DEPTHWISE_CONV_2D.
 *
 * Same numbers as TFLM's reference kernels (tensorflow/lite/kernels/internal/reference/integer_ops/
 * depthwise_conv.h and reference/depthwiseconv_float.h). The input's zero point is folded into the bias over
 * all taps; a tap in the padding then reads the zero point itself, or a float 0, which changes no sum of
 * finite weights. Each channel is computed for four neighbouring pixels at a time, which share its weights,
 * its requantization and, where the filter's width is known, the inputs that their windows have in common.
 * C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_DEPTHWISE_CONV_2D_H
#define TINYGEN_KERNELS_PORTABLE_DEPTHWISE_CONV_2D_H

#include "../linear.h"

struct tg_depthwise_conv_2d_params {
    int32_t arithmetic; /* set by the template for the types */
    int32_t input_h;
    int32_t input_w;
    int32_t input_pitch; /* elements from pixel to pixel */
    int32_t output_h;
    int32_t output_w;
    int32_t output_pitch;
    int32_t channels;         /* of the input */
    int32_t depth_multiplier; /* output channels per input channel */
    int32_t filter_h;
    int32_t filter_w;
    int32_t stride_h;
    int32_t stride_w;
    int32_t dilation_h;
    int32_t dilation_w;
    int32_t pad_top;
    int32_t pad_left;
    int32_t padded;  /* whether any window leaves the input */
    int32_t columns; /* whether to walk over columns: for a constant filter_w and stride_w, dilation_w 1 */
    int32_t input_zero_point;
    int32_t any_scale; /* this and the next: as in struct tg_result */
    int32_t output_zero_point;
    int32_t lo;
    int32_t hi;
    float lowest;
    float highest;
};

/* The input at `at`, or the zero point where column x is outside and `checked` says that it may be. */
static TG_INLINE struct tg_value tg_depthwise_conv_2d_input(const void *input, int32_t at, int32_t x,
                                                            int32_t checked,
                                                            struct tg_depthwise_conv_2d_params p)
{
    if (!checked || (uint32_t)x < (uint32_t)p.input_w) {
        return tg_load_input(input, at, p.arithmetic);
    }
    const struct tg_value zero = {p.arithmetic <= TG_S8_S4 ? p.input_zero_point : 0, 0.0F};
    return zero;
}

/* Accumulators 0..3 += products of a filter's row, which starts at weight `w`, with the windows of four
 * neighbouring pixels.
 *
 * at: index in `input` of the first window's first column, x that column; checked: whether columns may lie
 * outside the input. */
static TG_INLINE void tg_depthwise_conv_2d_row(struct tg_sums *sums, const void *input, int32_t at, int32_t x,
                                               const void *filter, int32_t w, int32_t checked,
                                               struct tg_depthwise_conv_2d_params p)
{
    const int32_t type = p.arithmetic;
    if (p.columns) {
        TG_UNROLL
        for (int32_t column = 0; column < 3 * p.stride_w + p.filter_w; ++column) {
            const struct tg_value v = tg_depthwise_conv_2d_input(input, at, x + column, checked, p);
            TG_UNROLL
            for (int32_t i = 0; i < 4; ++i) {
                const int32_t tap = column - i * p.stride_w;
                if (tap >= 0 && tap < p.filter_w) {
                    tg_mac(sums, i, v, tg_load_weight(filter, w + tap, type), type);
                }
            }
            at += p.input_pitch;
        }
    } else {
        for (int32_t tap = 0; tap < p.filter_w; ++tap) {
            TG_UNROLL
            for (int32_t i = 0; i < 4; ++i) {
                const int32_t column = i * p.stride_w;
                tg_mac(sums, i,
                       tg_depthwise_conv_2d_input(input, at + column * p.input_pitch, x + column, checked, p),
                       tg_load_weight(filter, w + tap, type), type);
            }
            x += p.dilation_w;
            at += p.dilation_w * p.input_pitch;
        }
    }
}

/* Accumulators 0..3 += what a filter's row, which starts at weight `w`, gives in the padding. */
static TG_INLINE void tg_depthwise_conv_2d_outside(struct tg_sums *sums, const void *filter, int32_t w,
                                                   struct tg_depthwise_conv_2d_params p)
{
    if (p.arithmetic <= TG_S8_S4) {
        int32_t sum = 0;
        for (int32_t tap = 0; tap < p.filter_w; ++tap) {
            sum += tg_load_weight(filter, w + tap, p.arithmetic).s32;
        }
        sum *= p.input_zero_point;
        sums->s32[0] += sum;
        sums->s32[1] += sum;
        sums->s32[2] += sum;
        sums->s32[3] += sum;
    }
}

/* All channels of up to four neighbouring pixels.
 *
 * y, x: first row and column of the first window; pixels: 1..4, how many to write; checked: whether columns
 * may lie outside the input. */
static TG_INLINE void tg_depthwise_conv_2d_pixels(const void *input, void *output, int32_t y, int32_t x,
                                                  int32_t pixels, int32_t checked, const void *filter,
                                                  struct tg_channels channels,
                                                  struct tg_depthwise_conv_2d_params p)
{
    const int32_t type = p.arithmetic;
    const struct tg_result result = {type, p.any_scale, p.output_zero_point, p.lo, p.hi, p.lowest, p.highest};
    int32_t w = 0;
    for (int32_t channel = 0; channel < p.channels; ++channel) {
        for (int32_t m = 0; m < p.depth_multiplier; ++m) {
            struct tg_sums sums;
            tg_start(&sums, 0, channels.bias, type);
            tg_start(&sums, 1, channels.bias, type);
            tg_start(&sums, 2, channels.bias, type);
            tg_start(&sums, 3, channels.bias, type);
            for (int32_t ky = 0; ky < p.filter_h; ++ky) {
                const int32_t row = y + ky * p.dilation_h;
                if (p.padded && (uint32_t)row >= (uint32_t)p.input_h) {
                    tg_depthwise_conv_2d_outside(&sums, filter, w, p);
                } else {
                    const int32_t at = (row * p.input_w + x) * p.input_pitch + channel;
                    tg_depthwise_conv_2d_row(&sums, input, at, x, filter, w, checked, p);
                }
                w += p.filter_w;
            }
            const struct tg_scale scale = tg_scale_of(channels, type);
            void *target = output;
            TG_UNROLL
            for (int32_t i = 0; i < 4; ++i) {
                if (!checked || i < pixels) {
                    tg_finish(target, &sums, i, scale, result);
                }
                target = tg_output_at(target, p.output_pitch, type);
            }
            output = tg_output_at(output, 1, type);
            channels = tg_channel_at(channels, 1, type);
        }
    }
}

/* Depthwise convolution of one image with types that `p` names.
 *
 * input: [input_h][input_w][channels] at input_pitch; output: [output_h][output_w][channels *
 * depth_multiplier] at output_pitch. filter: [channels * depth_multiplier][filter_h][filter_w]. bias (with
 * -zero point * sum of the filter folded in), multiplier and shift: one per output channel. */
static TG_INLINE void tg_depthwise_conv_2d(const void *input, void *output, const void *filter,
                                           struct tg_channels channels, struct tg_depthwise_conv_2d_params p)
{
    const int32_t span = 3 * p.stride_w + (p.filter_w - 1) * p.dilation_w;
    for (int32_t oy = 0; oy < p.output_h; ++oy) {
        const int32_t y = oy * p.stride_h - p.pad_top;
        for (int32_t ox = 0; ox < p.output_w; ox += 4) {
            const int32_t x = ox * p.stride_w - p.pad_left;
            const int32_t left = p.output_w - ox;
            const int32_t pixels = left < 4 ? left : 4;
            if (left >= 4 && (!p.padded || (x >= 0 && x + span < p.input_w))) {
                tg_depthwise_conv_2d_pixels(input, output, y, x, 4, 0, filter, channels, p);
            } else {
                tg_depthwise_conv_2d_pixels(input, output, y, x, pixels, 1, filter, channels, p);
            }
            output = tg_output_at(output, pixels * p.output_pitch, p.arithmetic);
        }
    }
}

/* tg_depthwise_conv_2d of int8. */
static TG_INLINE void tg_depthwise_conv_2d_s8(const int8_t *input, int8_t *output, const int8_t *filter,
                                              const int32_t *bias, const int32_t *multiplier,
                                              const int8_t *shift, struct tg_depthwise_conv_2d_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S8_S8;
    tg_depthwise_conv_2d(input, output, filter, channels, p);
}

/* tg_depthwise_conv_2d of int8 with weights of four bits. */
static TG_INLINE void tg_depthwise_conv_2d_s8_s4(const int8_t *input, int8_t *output, const uint8_t *filter,
                                                 const int32_t *bias, const int32_t *multiplier,
                                                 const int8_t *shift, struct tg_depthwise_conv_2d_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S8_S4;
    tg_depthwise_conv_2d(input, output, filter, channels, p);
}

/* tg_depthwise_conv_2d of int16, rounded as TFLM does for a bias of 64 bits. */
static TG_INLINE void tg_depthwise_conv_2d_s16(const int16_t *input, int16_t *output, const int8_t *filter,
                                               const int32_t *bias, const int32_t *multiplier,
                                               const int8_t *shift, struct tg_depthwise_conv_2d_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S16_S8;
    tg_depthwise_conv_2d(input, output, filter, channels, p);
}

/* tg_depthwise_conv_2d_s16 for sums that may need more than 32 bits. */
static TG_INLINE void tg_depthwise_conv_2d_s16_wide(const int16_t *input, int16_t *output,
                                                    const int8_t *filter, const int64_t *bias,
                                                    const int32_t *multiplier, const int8_t *shift,
                                                    struct tg_depthwise_conv_2d_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S16_S8_WIDE;
    tg_depthwise_conv_2d(input, output, filter, channels, p);
}

/* tg_depthwise_conv_2d of float. */
static TG_INLINE void tg_depthwise_conv_2d_f32(const float *input, float *output, const float *filter,
                                               const float *bias, struct tg_depthwise_conv_2d_params p)
{
    const struct tg_channels channels = {bias, NULL, NULL};
    p.arithmetic = TG_F32;
    tg_depthwise_conv_2d(input, output, filter, channels, p);
}

#endif
