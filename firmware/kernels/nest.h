/* Nested loops over operands with steps of their own, from a table. C99 and C++17. */
#ifndef TINYGEN_KERNELS_NEST_H
#define TINYGEN_KERNELS_NEST_H

#include "common.h"

/* Most loops of a table. */
enum { TG_NEST_LEVELS = 6 };

/* A round of a nest: where its operands are.
 *
 * index: rounds done in each loop; offset1, offset2: elements from the operands' starts. */
struct tg_nest {
    int32_t index[TG_NEST_LEVELS];
    int32_t offset1;
    int32_t offset2;
};

/* Go to the next round; false after the last one, when the nest is back at its start.
 *
 * table: rows (extent, move of operand 1, move of operand 2), outermost first, where a move is for the loop
 * going on while all loops inside it start again; levels: number of rows, 0..TG_NEST_LEVELS. */
static TG_INLINE int tg_nest_next(struct tg_nest *nest, const int32_t *table, int32_t levels)
{
    for (int32_t level = levels - 1; level >= 0; --level) {
        const int32_t *row = table + 3 * level;
        if (++nest->index[level] < row[0]) {
            nest->offset1 += row[1];
            nest->offset2 += row[2];
            return 1;
        }
        nest->index[level] = 0;
    }
    nest->offset1 = 0;
    nest->offset2 = 0;
    return 0;
}

#endif
