/* FILL with a constant, of elements of any type. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_FILL_H
#define TINYGEN_KERNELS_PORTABLE_FILL_H

#include "../fill.h"

/* bytes: of the output; value, element: as for tg_fill_elements. */
struct tg_fill_params {
    int32_t bytes;
    int32_t value;
    int32_t element;
};

/* output: [bytes]. Source: Fill in tensorflow/lite/kernels/internal/reference/fill.h. */
static TG_INLINE void tg_fill(void *output, struct tg_fill_params p)
{
    tg_fill_elements((uint8_t *)output, p.bytes, p.value, p.element);
}

#endif
