/* DEPTHWISE_CONV_2D, int8 with int32 accumulators.
 *
 * Same numbers as TFLM's reference kernel
 * (tensorflow/lite/kernels/internal/reference/integer_ops/depthwise_conv.h). The input's zero point is folded
 * into the bias over all taps; a tap in the padding then reads the zero point itself. Each channel is
 * computed for four neighbouring pixels at a time, which share its weights, its requantization and, where
 * the filter's width is known, the inputs that their windows have in common. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_DEPTHWISE_CONV_2D_H
#define TINYGEN_KERNELS_PORTABLE_DEPTHWISE_CONV_2D_H

#include "../requantize.h"

struct tg_depthwise_conv_2d_params {
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
    int32_t padded;    /* whether any window leaves the input */
    int32_t columns;   /* whether to walk over columns: for a constant filter_w and stride_w, dilation_w 1 */
    int32_t any_scale; /* as for tg_output_s8 */
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t lo;
    int32_t hi;
};

/* The input at `line`, or the zero point where column x is outside and `checked` says that it may be. */
static TG_INLINE int32_t tg_depthwise_conv_2d_input_s8(const int8_t *input, int32_t at, int32_t x,
                                                       int32_t checked,
                                                       struct tg_depthwise_conv_2d_params p)
{
    return !checked || (uint32_t)x < (uint32_t)p.input_w ? input[at] : p.input_zero_point;
}

/* acc[i] += products of one filter row with the windows of four neighbouring pixels.
 *
 * at: index in `input` of the first window's first column, x that column; checked: whether columns may lie
 * outside the input. */
static TG_INLINE void tg_depthwise_conv_2d_row_s8(int32_t acc[4], const int8_t *input, int32_t at, int32_t x,
                                                  const int8_t *w, int32_t checked,
                                                  struct tg_depthwise_conv_2d_params p)
{
    if (p.columns) {
        TG_UNROLL
        for (int32_t column = 0; column < 3 * p.stride_w + p.filter_w; ++column) {
            const int32_t v = tg_depthwise_conv_2d_input_s8(input, at, x + column, checked, p);
            TG_UNROLL
            for (int32_t i = 0; i < 4; ++i) {
                const int32_t tap = column - i * p.stride_w;
                if (tap >= 0 && tap < p.filter_w) {
                    acc[i] += v * w[tap];
                }
            }
            at += p.input_pitch;
        }
    } else {
        for (int32_t tap = 0; tap < p.filter_w; ++tap) {
            TG_UNROLL
            for (int32_t i = 0; i < 4; ++i) {
                const int32_t column = i * p.stride_w;
                acc[i] += w[tap] * tg_depthwise_conv_2d_input_s8(input, at + column * p.input_pitch,
                                                                 x + column, checked, p);
            }
            x += p.dilation_w;
            at += p.dilation_w * p.input_pitch;
        }
    }
}

/* All channels of up to four neighbouring pixels.
 *
 * y, x: first row and column of the first window; pixels: 1..4, how many to write; checked: whether columns
 * may lie outside the input. */
static TG_INLINE void tg_depthwise_conv_2d_pixels_s8(const int8_t *input, int8_t *output, int32_t y, int32_t x,
                                                     int32_t pixels, int32_t checked, const int8_t *filter,
                                                     const int32_t *bias, const int32_t *multiplier,
                                                     const int8_t *shift,
                                                     struct tg_depthwise_conv_2d_params p)
{
    for (int32_t channel = 0; channel < p.channels; ++channel) {
        for (int32_t m = 0; m < p.depth_multiplier; ++m) {
            const int32_t start = *bias++;
            int32_t acc[4] = {start, start, start, start};
            for (int32_t ky = 0; ky < p.filter_h; ++ky) {
                const int32_t row = y + ky * p.dilation_h;
                if (p.padded && (uint32_t)row >= (uint32_t)p.input_h) {
                    int32_t sum = 0;
                    for (int32_t tap = 0; tap < p.filter_w; ++tap) {
                        sum += filter[tap];
                    }
                    sum *= p.input_zero_point;
                    acc[0] += sum;
                    acc[1] += sum;
                    acc[2] += sum;
                    acc[3] += sum;
                } else {
                    const int32_t at = (row * p.input_w + x) * p.input_pitch + channel;
                    tg_depthwise_conv_2d_row_s8(acc, input, at, x, filter, checked, p);
                }
                filter += p.filter_w;
            }
            const int32_t scale = *multiplier++;
            const int32_t places = *shift++;
            int8_t *target = output++;
            TG_UNROLL
            for (int32_t i = 0; i < 4; ++i) {
                if (!checked || i < pixels) {
                    *target = tg_output_s8(acc[i], scale, places, p.any_scale, p.output_zero_point, p.lo, p.hi);
                }
                target += p.output_pitch;
            }
        }
    }
}

/* Depthwise convolution of one image.
 *
 * input: [input_h][input_w][channels] at input_pitch; output: [output_h][output_w][channels *
 * depth_multiplier] at output_pitch. filter: [channels * depth_multiplier][filter_h][filter_w]. bias (with
 * -zero point * sum of the filter folded in), multiplier and shift: one per output channel. */
static TG_INLINE void tg_depthwise_conv_2d_s8(const int8_t *input, int8_t *output, const int8_t *filter,
                                              const int32_t *bias, const int32_t *multiplier,
                                              const int8_t *shift, struct tg_depthwise_conv_2d_params p)
{
    const int32_t span = 3 * p.stride_w + (p.filter_w - 1) * p.dilation_w;
    for (int32_t oy = 0; oy < p.output_h; ++oy) {
        const int32_t y = oy * p.stride_h - p.pad_top;
        for (int32_t ox = 0; ox < p.output_w; ox += 4) {
            const int32_t x = ox * p.stride_w - p.pad_left;
            const int32_t left = p.output_w - ox;
            if (left >= 4 && (!p.padded || (x >= 0 && x + span < p.input_w))) {
                tg_depthwise_conv_2d_pixels_s8(input, output, y, x, 4, 0, filter, bias, multiplier, shift, p);
                output += 4 * p.output_pitch;
            } else {
                const int32_t pixels = left < 4 ? left : 4;
                tg_depthwise_conv_2d_pixels_s8(input, output, y, x, pixels, 1, filter, bias, multiplier, shift,
                                               p);
                output += pixels * p.output_pitch;
            }
        }
    }
}

#endif
