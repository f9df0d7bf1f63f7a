/* Elements of integer types that are known when a template is instantiated. C99 and C++17. */
#ifndef TINYGEN_KERNELS_ELEMENTS_H
#define TINYGEN_KERNELS_ELEMENTS_H

#include "common.h"

/* Element types, as numbers for a template's constants. */
enum { TG_S8, TG_U8, TG_S16, TG_S32 };

/* The element `index` of an array of `type`. */
static TG_INLINE int32_t tg_load(const void *elements, int32_t index, int32_t type)
{
    switch (type) {
    case TG_S8:
        return ((const int8_t *)elements)[index];
    case TG_U8:
        return ((const uint8_t *)elements)[index];
    case TG_S16:
        return ((const int16_t *)elements)[index];
    default:
        return ((const int32_t *)elements)[index];
    }
}

/* Set the element `index` of an array of `type` to the nearest value that the type holds. */
static TG_INLINE void tg_store(void *elements, int32_t index, int32_t type, int32_t value)
{
    switch (type) {
    case TG_S8:
        value = value < INT8_MIN ? INT8_MIN : value;
        ((int8_t *)elements)[index] = (int8_t)(value > INT8_MAX ? INT8_MAX : value);
        break;
    case TG_U8:
        value = value < 0 ? 0 : value;
        ((uint8_t *)elements)[index] = (uint8_t)(value > UINT8_MAX ? UINT8_MAX : value);
        break;
    case TG_S16:
        value = value < INT16_MIN ? INT16_MIN : value;
        ((int16_t *)elements)[index] = (int16_t)(value > INT16_MAX ? INT16_MAX : value);
        break;
    default:
        ((int32_t *)elements)[index] = value;
        break;
    }
}

#endif
