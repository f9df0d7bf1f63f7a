/* ASSIGN: bytes copied into a variable, or out of one before it changes.
 *
 * C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_ASSIGN_H
#define TINYGEN_KERNELS_PORTABLE_ASSIGN_H

#include "../common.h"

struct tg_assign_params {
    int32_t bytes;
};

/* Copy p.bytes bytes from `input` to `output`, which share none. */
static TG_INLINE void tg_assign(const void *input, void *output, struct tg_assign_params p)
{
    memcpy(output, input, (size_t)p.bytes);
}

#endif
