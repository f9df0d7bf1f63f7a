/* FULLY_CONNECTED, int8 with int32 accumulators.
 *
 * Same numbers as TFLM's reference kernels
 * (tensorflow/lite/kernels/internal/reference/integer_ops/fully_connected.h). The input's zero point is
 * folded into the bias; four outputs are computed at a time. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_FULLY_CONNECTED_H
#define TINYGEN_KERNELS_PORTABLE_FULLY_CONNECTED_H

#include "../dot_s8.h"
#include "../requantize.h"

struct tg_fully_connected_params {
    int32_t rows;
    int32_t depth;        /* inputs of a row */
    int32_t units;        /* outputs of a row */
    int32_t output_pitch; /* elements from row to row */
    int32_t per_channel;  /* whether each unit has its own multiplier and shift, or all share one */
    int32_t any_scale;    /* as for tg_output_s8 */
    int32_t output_zero_point;
    int32_t lo;
    int32_t hi;
};

/* One output from its accumulator. */
static TG_INLINE int8_t tg_fully_connected_output_s8(int32_t acc, int32_t unit, const int32_t *multiplier,
                                                     const int8_t *shift, struct tg_fully_connected_params p)
{
    const int32_t i = p.per_channel ? unit : 0;
    return tg_output_s8(acc, multiplier[i], shift[i], p.any_scale, p.output_zero_point, p.lo, p.hi);
}

/* Product of a matrix of inputs and one of weights.
 *
 * input: [rows][depth]; output: [rows][units] at output_pitch. filter: blocks of four units as [depth][4],
 * then the remaining ones as [depth] each. bias (with -zero point * sum of the weights folded in): one per
 * unit; multiplier and shift: one per unit, or one for all. */
static TG_INLINE void tg_fully_connected_s8(const int8_t *input, int8_t *output, const int8_t *filter,
                                            const int32_t *bias, const int32_t *multiplier,
                                            const int8_t *shift, struct tg_fully_connected_params p)
{
    for (int32_t row = 0; row < p.rows; ++row) {
        const int8_t *w = filter;
        int32_t unit = 0;
        for (; unit + 4 <= p.units; unit += 4) {
            int32_t acc[4] = {bias[unit], bias[unit + 1], bias[unit + 2], bias[unit + 3]};
            tg_dot_4_s8(acc, input, w, p.depth);
            const int32_t result[4] = {acc[0], acc[1], acc[2], acc[3]};
            for (int32_t i = 0; i < 4; ++i) {
                output[unit + i] = tg_fully_connected_output_s8(result[i], unit + i, multiplier, shift, p);
            }
            w += 4 * p.depth;
        }
        for (; unit < p.units; ++unit) {
            const int32_t acc = bias[unit] + tg_dot_s8(input, w, p.depth);
            output[unit] = tg_fully_connected_output_s8(acc, unit, multiplier, shift, p);
            w += p.depth;
        }
        input += p.depth;
        output += p.output_pitch;
    }
}

#endif
