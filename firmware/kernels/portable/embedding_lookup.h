/* EMBEDDING_LOOKUP from int8 to float32; without a conversion it is GATHER. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_EMBEDDING_LOOKUP_H
#define TINYGEN_KERNELS_PORTABLE_EMBEDDING_LOOKUP_H

#include "../common.h"

/* rows: of the table; count: indices; columns: of the table; scale: of its elements. */
struct tg_embedding_lookup_params {
    int32_t rows;
    int32_t count;
    int32_t columns;
    float scale;
};

/* The real values of the rows that indices name; an index outside of the table names the nearest one inside.
 *
 * indices: [count]; table: [rows, columns]; output: [count, columns].
 * Source: EvalHybrid in tensorflow/lite/micro/kernels/embedding_lookup.cc, which fails on indices outside. */
static TG_INLINE void tg_embedding_lookup_s8_f32(const int32_t *indices, const int8_t *table, float *output,
                                                 struct tg_embedding_lookup_params p)
{
    for (int32_t i = 0; i < p.count; ++i) {
        const int32_t index = indices[i];
        const int32_t inside = index < 0 ? 0 : index < p.rows ? index : p.rows - 1;
        const int8_t *const row = table + inside * p.columns;
        for (int32_t k = 0; k < p.columns; ++k) {
            *output++ = (float)row[k] * p.scale;
        }
    }
}

#endif
