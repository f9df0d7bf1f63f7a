/* Writing one value many times. C99 and C++17. */
#ifndef TINYGEN_KERNELS_FILL_H
#define TINYGEN_KERNELS_FILL_H

#include "common.h"

/* Write `bytes` bytes: elements of `element` bytes (1, 2 or 4), each the low bytes of `value`. */
static TG_INLINE void tg_fill_elements(uint8_t *to, int32_t bytes, int32_t value, int32_t element)
{
    if (element == 1) {
        memset(to, value, (size_t)bytes);
        return;
    }
    for (int32_t i = 0; i < bytes; i += element) {
        memcpy(to + i, &value, (size_t)element);
    }
}

#endif
