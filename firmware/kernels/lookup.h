/* Functions by table. C99 and C++17. */
#ifndef TINYGEN_KERNELS_LOOKUP_H
#define TINYGEN_KERNELS_LOOKUP_H

#include "common.h"

/* size: elements. */
struct tg_lookup_params {
    int32_t size;
};

/* A function of int8 values.
 *
 * input, output: [size], written in memory order; table: [256], the results for 0..127 and then -128..-1. */
static TG_INLINE void tg_lookup_s8(const int8_t *input, int8_t *output, const int8_t *table,
                                   struct tg_lookup_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = table[(uint8_t)input[i]];
    }
}

/* A function of an int16 value, interpolated; table: [513], the results for -32768, -32640, ..., 32768.
 *
 * Source: LUTLookup in tensorflow/lite/kernels/internal/common.h. */
static TG_INLINE int32_t tg_interpolate_s16(int32_t value, const int16_t *table)
{
    const int16_t *entry = table + 256 + (value >> 7);
    const int32_t slope = (int16_t)(entry[1] - entry[0]);
    return (int16_t)(entry[0] + ((slope * (value & 127) + 64) >> 7));
}

#endif
