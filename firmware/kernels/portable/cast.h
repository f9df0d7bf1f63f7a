/* CAST between integers and float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_CAST_H
#define TINYGEN_KERNELS_PORTABLE_CAST_H

#include "../common.h"

/* Element types. */
enum { TG_CAST_S8, TG_CAST_U8, TG_CAST_S16, TG_CAST_S32, TG_CAST_U32, TG_CAST_F32 };

/* size: elements; from, to: element types, TG_CAST_…; reverse: go from the last element to the first. */
struct tg_cast_params {
    int32_t size;
    int32_t from;
    int32_t to;
    int32_t reverse;
};

/* Element `i` of integers; of uint32 its bits. */
static TG_INLINE int32_t tg_cast_load(const void *input, int32_t i, int32_t from)
{
    switch (from) {
    case TG_CAST_S8:
        return ((const int8_t *)input)[i];
    case TG_CAST_U8:
        return ((const uint8_t *)input)[i];
    case TG_CAST_S16:
        return ((const int16_t *)input)[i];
    default:
        return ((const int32_t *)input)[i];
    }
}

/* Element `i` of integers becomes the low bits of `value`. */
static TG_INLINE void tg_cast_store(void *output, int32_t i, int32_t to, int32_t value)
{
    switch (to) {
    case TG_CAST_S8:
        ((int8_t *)output)[i] = (int8_t)value;
        break;
    case TG_CAST_U8:
        ((uint8_t *)output)[i] = (uint8_t)value;
        break;
    case TG_CAST_S16:
        ((int16_t *)output)[i] = (int16_t)value;
        break;
    default:
        ((int32_t *)output)[i] = value;
        break;
    }
}

/* A real number without its fraction, limited to the integers of a type; 0 for what is no number. C leaves
 * values outside undefined, and so does TFLM. */
static TG_INLINE int32_t tg_cast_round(float value, int32_t to)
{
    if (to == TG_CAST_U32) {
        const uint32_t whole = value >= 4294967296.0F ? UINT32_MAX : value > 0.0F ? (uint32_t)value : 0;
        return (int32_t)whole;
    }
    const int32_t bits = to == TG_CAST_S16 ? 16 : to == TG_CAST_S32 ? 32 : 8;
    const int32_t sign = to == TG_CAST_U8 ? 0 : 1;
    const int32_t highest = (int32_t)(UINT32_MAX >> (32 - bits + sign));
    const int32_t lowest = sign == 1 ? -highest - 1 : 0;
    if (value >= (float)highest) {
        return highest;
    }
    return value > (float)lowest ? (int32_t)value : value <= (float)lowest ? lowest : 0;
}

/* input, output: [size]. Source: copyCast in tensorflow/lite/micro/kernels/cast.cc. */
static TG_INLINE void tg_cast(const void *input, void *output, struct tg_cast_params p)
{
    for (int32_t done = 0; done < p.size; ++done) {
        const int32_t i = p.reverse ? p.size - 1 - done : done;
        if (p.from == TG_CAST_F32) {
            tg_cast_store(output, i, p.to, tg_cast_round(((const float *)input)[i], p.to));
        } else {
            const int32_t value = tg_cast_load(input, i, p.from);
            if (p.to == TG_CAST_F32) {
                ((float *)output)[i] = p.from == TG_CAST_U32 ? (float)(uint32_t)value : (float)value;
            } else {
                tg_cast_store(output, i, p.to, value);
            }
        }
    }
}

#endif
