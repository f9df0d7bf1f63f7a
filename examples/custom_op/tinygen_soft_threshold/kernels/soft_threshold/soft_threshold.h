/* SoftThreshold on int8. C99 and C++17. */
#ifndef TINYGEN_SOFT_THRESHOLD_H
#define TINYGEN_SOFT_THRESHOLD_H

#include "../common.h"

/* size: elements; zero_point: of input and output; steps: the threshold in quantized steps, 0..255. */
struct soft_threshold_params {
    int32_t size;
    int32_t zero_point;
    int32_t steps;
};

/* Values move towards zero by the threshold; what it would carry across zero becomes zero.
 *
 * input, output: [size], of one scale and zero point, written in memory order. */
static TG_INLINE void soft_threshold_s8(const int8_t *input, int8_t *output, struct soft_threshold_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t value = input[i] - p.zero_point;
        const int32_t shrunk = value > p.steps ? value - p.steps : value < -p.steps ? value + p.steps : 0;
        output[i] = (int8_t)(shrunk + p.zero_point);
    }
}

#endif
