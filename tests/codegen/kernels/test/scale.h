/* A kernel for hand-made plans: small enough to check by eye, with everything that a call can have. */
#ifndef TEST_SCALE_H
#define TEST_SCALE_H

#include "../common.h"
#include "shared/add.h"

struct test_scale_params {
    int32_t factor;
    int32_t count;
    float unused;
};

/* output[i] = weights[i % 4] * input[i] * factor + 1, through scratch[count]. */
static TG_INLINE void tg_scale_s8(const int8_t *input, int8_t *output, const int8_t *weights, uint8_t *scratch,
                                  struct test_scale_params p)
{
    for (int32_t i = 0; i < p.count; i++) {
        scratch[i] = (uint8_t)input[i];
    }
    for (int32_t i = 0; i < p.count; i++) {
        output[i] = (int8_t)test_add_one((int8_t)scratch[i] * weights[i % 4] * p.factor);
    }
}

#endif
