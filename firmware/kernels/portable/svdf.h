/* SVDF: a filter over the features of each step, then one over the steps that a state remembers.
 *
 * Same numbers as TFLM's reference kernels (tensorflow/lite/micro/kernels/svdf_common.cc). The zero points of
 * the input and of the state are folded into the biases; shifting the state, appending the newest step and
 * weighing them all is one pass. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_SVDF_H
#define TINYGEN_KERNELS_PORTABLE_SVDF_H

#include "../dot_s8.h"
#include "../requantize.h"

/* The output has units, each of them `rank` filters, each of these `memory` steps in the state. */
struct tg_svdf_params {
    int32_t batches;
    int32_t features;
    int32_t units;
    int32_t rank;
    int32_t memory;
    int32_t wide; /* whether state and time weights are int16, not int8 */
    int32_t feature_multiplier;
    int32_t feature_shift;
    int32_t time_multiplier;
    int32_t time_shift;
    int32_t state_zero_point;
    int32_t output_zero_point;
};

/* Forget the oldest step of a filter's state, append the newest, and weigh them all. */
static TG_INLINE uint32_t tg_svdf_step_s8(int8_t *state, const int8_t *time, int32_t newest, int32_t memory)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < memory - 1; ++i) {
        state[i] = state[i + 1];
        sum += state[i] * time[i];
    }
    state[memory - 1] = (int8_t)newest;
    return (uint32_t)(sum + state[memory - 1] * time[memory - 1]);
}

/* As tg_svdf_step_s8; a sum beyond 32 bits wraps, as in TFLM's build. */
static TG_INLINE uint32_t tg_svdf_step_s16(int16_t *state, const int16_t *time, int32_t newest,
                                           int32_t memory)
{
    uint32_t sum = 0;
    for (int32_t i = 0; i < memory - 1; ++i) {
        state[i] = state[i + 1];
        sum += (uint32_t)(state[i] * time[i]);
    }
    state[memory - 1] = (int16_t)newest;
    return sum + (uint32_t)(state[memory - 1] * time[memory - 1]);
}

/* The newest step of the filter at `at` bytes or words into state and time weights, from its sum. */
static TG_INLINE uint32_t tg_svdf_step(void *state, const void *time, int32_t at, int32_t sum,
                                       struct tg_svdf_params p)
{
    const int32_t limit = p.wide ? INT16_MAX : INT8_MAX;
    const int32_t scaled = tg_requantize(sum, p.feature_multiplier, p.feature_shift);
    /* The zero point is added after saturation, and wraps. */
    const int32_t newest = tg_clamp(scaled, -limit - 1, limit) + p.state_zero_point;
    if (p.wide) {
        return tg_svdf_step_s16((int16_t *)state + at, (const int16_t *)time + at, newest, p.memory);
    }
    return tg_svdf_step_s8((int8_t *)state + at, (const int8_t *)time + at, newest, p.memory);
}

/* The next filters' sums over the features: of four, or of one where fewer are left; returns how many. */
static TG_INLINE int32_t tg_svdf_features(int32_t sums[4], const int8_t *input, const int8_t *feature,
                                          const int32_t *bias, int32_t filter, struct tg_svdf_params p)
{
    const int8_t *const w = feature + filter * p.features;
    if (filter + 4 > p.units * p.rank) {
        sums[0] = bias[filter] + tg_dot_s8(input, w, p.features);
        return 1;
    }
    int32_t acc[4] = {bias[filter], bias[filter + 1], bias[filter + 2], bias[filter + 3]};
    tg_dot_4_s8(acc, input, w, p.features);
    sums[0] = acc[0];
    sums[1] = acc[1];
    sums[2] = acc[2];
    sums[3] = acc[3];
    return 4;
}

/* One step of int8 layers with a state of int8 or int16.
 *
 * input: [batches][features]; state: [batches][filters][memory], oldest first, updated; output:
 * [batches][units]. feature: blocks of four filters as [features][4], then the remaining ones as [features];
 * feature_bias: [filters], -zero point * sum of the weights; time: [filters][memory], of the state's type;
 * bias: [units], with -zero point * sum of the time weights of the unit's filters folded in, modulo 2^32. */
static TG_INLINE void tg_svdf_s8(const int8_t *input, void *state, int8_t *output, const int8_t *feature,
                                 const int32_t *feature_bias, const void *time, const int32_t *bias,
                                 struct tg_svdf_params p)
{
    const int32_t filters = p.units * p.rank;
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        void *const own = p.wide ? (void *)((int16_t *)state + batch * filters * p.memory)
                                 : (void *)((int8_t *)state + batch * filters * p.memory);
        int32_t sums[4];
        int32_t filter = 0;
        int32_t ready = 0;
        int32_t next = 0;
        for (int32_t unit = 0; unit < p.units; ++unit) {
            uint32_t acc = (uint32_t)bias[unit];
            for (int32_t i = 0; i < p.rank; ++i, ++filter, ++next) {
                if (next == ready) {
                    ready = tg_svdf_features(sums, input, feature, feature_bias, filter, p);
                    next = 0;
                }
                acc += tg_svdf_step(own, time, filter * p.memory, sums[next], p);
            }
            const int32_t scaled = tg_requantize((int32_t)acc, p.time_multiplier, p.time_shift);
            const int32_t moved = (int32_t)((uint32_t)scaled + (uint32_t)p.output_zero_point);
            *output++ = (int8_t)tg_clamp(moved, -128, 127);
        }
        input += p.features;
    }
}

struct tg_svdf_f32_params {
    int32_t batches;
    int32_t features;
    int32_t units;
    int32_t rank;
    int32_t memory;
    int32_t biased;  /* whether there is a bias */
    int32_t limited; /* whether an activation limits the output */
    float lowest;
    float highest;
};

/* One step of float layers, in TFLM's order of summation.
 *
 * As tg_svdf_s8, with feature: [filters][features]. */
static TG_INLINE void tg_svdf_f32(const float *input, float *state, float *output, const float *feature,
                                  const float *time, const float *bias, struct tg_svdf_f32_params p)
{
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        const float *w = feature;
        const float *weights = time;
        for (int32_t unit = 0; unit < p.units; ++unit) {
            float total = p.biased ? bias[unit] : 0.0F;
            for (int32_t i = 0; i < p.rank; ++i) {
                float newest = 0.0F;
                float sum = 0.0F;
                for (int32_t k = 0; k < p.features; ++k) {
                    newest += *w++ * input[k];
                }
                for (int32_t k = 0; k < p.memory - 1; ++k) {
                    state[k] = state[k + 1];
                    sum += *weights++ * state[k];
                }
                state[p.memory - 1] = newest;
                total += sum + *weights++ * newest;
                state += p.memory;
            }
            if (p.limited) {
                total = total < p.highest ? total : p.highest;
                total = total > p.lowest ? total : p.lowest;
            }
            *output++ = total;
        }
        input += p.features;
    }
}

#endif
