/* Copying between buffers that may overlap. C99 and C++17. */
#ifndef TINYGEN_KERNELS_COPY_H
#define TINYGEN_KERNELS_COPY_H

#include "common.h"

/* Copy `bytes` bytes from first to last; `to` may overlap `from` provided that it does not lie behind it.
 *
 * Words are read whole before they are written, so that only bytes already read are overwritten. memcpy does
 * not allow overlaps and memmove is not among the functions that kernels may need. */
static TG_INLINE void tg_copy_forward(uint8_t *to, const uint8_t *from, int32_t bytes)
{
    int32_t i = 0;
    for (; i + 4 <= bytes; i += 4) {
        uint32_t word;
        memcpy(&word, from + i, sizeof word);
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < bytes; ++i) {
        to[i] = from[i];
    }
}

#endif
