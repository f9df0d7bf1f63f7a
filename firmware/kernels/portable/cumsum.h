/* CUMSUM on int8 and float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_CUMSUM_H
#define TINYGEN_KERNELS_PORTABLE_CUMSUM_H

#include "../requantize.h"

/* outer, size, inner: elements before, along and after the axis; exclusive: 1 for sums of what comes before
 * an element, 0 for those that count it; reverse: 1 to go from the last element to the first.
 *
 * multiplier, shift: from the input's scale less 19 bits to the output's (as for tg_requantize). */
struct tg_cumsum_params {
    int32_t outer;
    int32_t size;
    int32_t inner;
    int32_t exclusive;
    int32_t reverse;
    int32_t input_zero;
    int32_t multiplier;
    int32_t shift;
    int32_t output_zero;
};

/* Where line `line` of outer * inner starts, and how far its elements are apart: the last line first and from
 * its end where sums are reversed. */
struct tg_cumsum_line {
    int32_t first;
    int32_t step;
};

static TG_INLINE struct tg_cumsum_line tg_cumsum_line_at(int32_t i, int32_t j, struct tg_cumsum_params p)
{
    i = p.reverse ? p.outer - 1 - i : i;
    j = p.reverse ? p.inner - 1 - j : j;
    struct tg_cumsum_line line = {i * p.size * p.inner + j, p.inner};
    if (p.reverse) {
        line.first += (p.size - 1) * p.inner;
        line.step = -p.inner;
    }
    return line;
}

/* Sums along an axis.
 *
 * input, output: [outer, size, inner]; an element is written after it was read, line by line.
 * Source: CumSum in tensorflow/lite/kernels/internal/reference/cumsum.h, which starts from the quantized
 * value 0, not from the real one, and whose accumulator wraps around. */
static TG_INLINE void tg_cumsum_s8(const int8_t *input, int8_t *output, struct tg_cumsum_params p)
{
    for (int32_t i = 0; i < p.outer; ++i) {
        for (int32_t j = 0; j < p.inner; ++j) {
            const struct tg_cumsum_line line = tg_cumsum_line_at(i, j, p);
            int32_t at = line.first;
            int32_t sum = -p.input_zero;
            for (int32_t k = 0; k < p.size; ++k) {
                const int32_t next = sum + input[at] - p.input_zero;
                const int32_t acc = (int32_t)((uint32_t)(p.exclusive ? sum : next) << 19);
                output[at] = tg_output_s8(acc, p.multiplier, p.shift, 1, p.output_zero, INT8_MIN, INT8_MAX);
                sum = next;
                at += line.step;
            }
        }
    }
}

/* tg_cumsum_s8 on float32, from 0. */
static TG_INLINE void tg_cumsum_f32(const float *input, float *output, struct tg_cumsum_params p)
{
    for (int32_t i = 0; i < p.outer; ++i) {
        for (int32_t j = 0; j < p.inner; ++j) {
            const struct tg_cumsum_line line = tg_cumsum_line_at(i, j, p);
            int32_t at = line.first;
            float sum = 0.0f;
            for (int32_t k = 0; k < p.size; ++k) {
                const float next = sum + input[at];
                output[at] = p.exclusive ? sum : next;
                sum = next;
                at += line.step;
            }
        }
    }
}

#endif
