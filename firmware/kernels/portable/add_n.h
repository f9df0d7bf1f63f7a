/* ADD_N on int8 and float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_ADD_N_H
#define TINYGEN_KERNELS_PORTABLE_ADD_N_H

#include "../requantize.h"

/* Most inputs. */
enum { TG_ADD_N_INPUTS = 8 };

/* size: elements; inputs: how many are added, 2..TG_ADD_N_INPUTS.
 *
 * zero_sum: what the inputs' zero points make of a sum; multiplier, shift: from the inputs' scale less 19 bits
 * to the output's (as for tg_requantize). */
struct tg_add_n_params {
    int32_t size;
    int32_t inputs;
    int32_t zero_sum;
    int32_t multiplier;
    int32_t shift;
    int32_t zero;
};

/* Sums of several inputs of one scale and zero point.
 *
 * input0..input7: [size], those from `inputs` on are not read; output: [size], written in memory order.
 * Source: AddN in tensorflow/lite/kernels/internal/reference/add_n.h, which starts from the quantized value 0,
 * not from the real one: zero_sum counts one zero point more than there are inputs. */
static TG_INLINE void tg_add_n_s8(const int8_t *input0, const int8_t *input1, const int8_t *input2,
                                  const int8_t *input3, const int8_t *input4, const int8_t *input5,
                                  const int8_t *input6, const int8_t *input7, int8_t *output,
                                  struct tg_add_n_params p)
{
    const int8_t *const inputs[TG_ADD_N_INPUTS] = {input0, input1, input2, input3,
                                                   input4, input5, input6, input7};
    for (int32_t i = 0; i < p.size; ++i) {
        int32_t sum = -p.zero_sum;
        for (int32_t k = 0; k < p.inputs; ++k) {
            sum += inputs[k][i];
        }
        output[i] = tg_output_s8(sum * ((int32_t)1 << 19), p.multiplier, p.shift, 1, p.zero, INT8_MIN, INT8_MAX);
    }
}

/* size: elements; inputs: how many are added, 2..TG_ADD_N_INPUTS. */
struct tg_add_n_f32_params {
    int32_t size;
    int32_t inputs;
};

/* tg_add_n_s8 on float32, added one after the other to 0. */
static TG_INLINE void tg_add_n_f32(const float *input0, const float *input1, const float *input2,
                                   const float *input3, const float *input4, const float *input5,
                                   const float *input6, const float *input7, float *output,
                                   struct tg_add_n_f32_params p)
{
    const float *const inputs[TG_ADD_N_INPUTS] = {input0, input1, input2, input3,
                                                  input4, input5, input6, input7};
    for (int32_t i = 0; i < p.size; ++i) {
        float sum = 0.0f;
        for (int32_t k = 0; k < p.inputs; ++k) {
            sum += inputs[k][i];
        }
        output[i] = sum;
    }
}

#endif
