/* CIRCULAR_BUFFER: the last rows that a layer was given, oldest first. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_CIRCULAR_BUFFER_H
#define TINYGEN_KERNELS_PORTABLE_CIRCULAR_BUFFER_H

#include "../copy.h"

struct tg_circular_buffer_params {
    int32_t kept; /* bytes of the rows that stay */
    int32_t row;  /* bytes of one */
};

/* Forget the oldest row and append another.
 *
 * input: a row, apart from the buffer; buffer: rows of p.kept + p.row bytes in all, updated.
 * Source: EvalInt8 in tensorflow/lite/micro/kernels/circular_buffer.cc. */
static TG_INLINE void tg_circular_buffer(const void *input, void *buffer, struct tg_circular_buffer_params p)
{
    uint8_t *const rows = (uint8_t *)buffer;
    tg_copy_forward(rows, rows + p.row, p.kept);
    memcpy(rows + p.kept, input, (size_t)p.row);
}

#endif
