/* UNIDIRECTIONAL_SEQUENCE_LSTM: a layer that keeps an output ("hidden") and a cell for each of its units.
 *
 * Same numbers as TFLM's reference kernels (tensorflow/lite/micro/kernels/lstm_eval.h). The four gates of a
 * unit are interleaved, so that each input is loaded once for all of them, and a unit's cell is done with as
 * soon as its gates are known: there is no scratch. Zero points are folded into biases. C99 and C++17.
 *
 * Gates come in the order forget, input, output, cell. What goes into their curves has 12 fraction bits, what
 * comes out 15. */
#ifndef TINYGEN_KERNELS_PORTABLE_LSTM_H
#define TINYGEN_KERNELS_PORTABLE_LSTM_H

#include "../dot_s16.h"
#include "../requantize.h"
#include "../sigmoid.h"

struct tg_lstm_params {
    int32_t batches;
    int32_t steps;
    int32_t inputs;
    int32_t units;
    int32_t batch_rows; /* rows of input and output from one batch to the next */
    int32_t step_rows;  /* rows from one step to the next */
    int32_t cell_multiplier; /* cell_multiplier, cell_shift: as for tg_sigmoid_input */
    int32_t cell_shift;
    int32_t update_multiplier; /* of what the input and the cell gate add to the cell */
    int32_t update_shift;
    int32_t hidden_multiplier; /* of the output */
    int32_t hidden_shift;
    int32_t hidden_zero_point;
    int32_t cell_lowest;
    int32_t cell_highest;
};

static TG_INLINE int32_t tg_lstm_limit(int32_t v)
{
    return tg_clamp(v, INT16_MIN, INT16_MAX);
}

/* The parts of a unit's gates that come from the vector x of n elements.
 *
 * w: [n][4]; bias: [4]; factors: [4][2], multiplier and shift as for tg_requantize. */
static TG_INLINE void tg_lstm_gates_s8(int32_t gates[4], const int8_t *x, int32_t n, const int8_t *w,
                                       const int32_t *bias, const int32_t *factors)
{
    int32_t acc[4] = {bias[0], bias[1], bias[2], bias[3]};
    tg_dot_4_s8(acc, x, w, n);
    const int32_t sums[4] = {acc[0], acc[1], acc[2], acc[3]};
    for (int32_t i = 0; i < 4; ++i) {
        gates[i] = tg_lstm_limit(tg_requantize(sums[i], factors[2 * i], factors[2 * i + 1]));
    }
}

/* tg_lstm_gates_s8 of int16; factors: as for tg_requantize_once. */
static TG_INLINE void tg_lstm_gates_s16(int32_t gates[4], const int16_t *x, int32_t n, const int8_t *w,
                                        const int64_t *bias, const int32_t *factors)
{
    int64_t acc[4] = {bias[0], bias[1], bias[2], bias[3]};
    tg_dot_4_s16_wide(acc, x, w, n);
    const int64_t sums[4] = {acc[0], acc[1], acc[2], acc[3]};
    for (int32_t i = 0; i < 4; ++i) {
        gates[i] = tg_lstm_limit(tg_requantize_once(sums[i], factors[2 * i], factors[2 * i + 1]));
    }
}

/* Update a unit's cell and return its output before saturation.
 *
 * gates, recurrent: the parts from the input and from the outputs of the step before. */
static TG_INLINE int32_t tg_lstm_unit(const int32_t gates[4], const int32_t recurrent[4], int16_t *cell,
                                      const uint16_t *table, struct tg_lstm_params p)
{
    int32_t gate[4];
    for (int32_t i = 0; i < 4; ++i) {
        const int32_t x = tg_sigmoid_input(tg_lstm_limit(gates[i] + recurrent[i]), 3, 0);
        gate[i] = i < 3 ? tg_sigmoid_s16(x, table) : tg_hyperbolic_tangent_s16(x, table);
    }
    /* The cell's own scale on both sides leaves a factor of 2^-15. */
    const int32_t kept = tg_lstm_limit(tg_requantize(gate[0] * *cell, (int32_t)1 << 30, -14));
    const int32_t update = tg_requantize(gate[1] * gate[3], p.update_multiplier, p.update_shift);
    *cell = (int16_t)tg_clamp(kept + tg_lstm_limit(update), p.cell_lowest, p.cell_highest);

    const int32_t x = tg_sigmoid_input(*cell, p.cell_multiplier, p.cell_shift);
    const int32_t curved = tg_hyperbolic_tangent_s16(x, table);
    return tg_requantize(curved * gate[2], p.hidden_multiplier, p.hidden_shift) + p.hidden_zero_point;
}

/* A layer of int8.
 *
 * input: rows of [inputs]; output: rows of [units]; hidden, cell: [batches][units], updated. weights: for
 * each unit [inputs][4] and then [units][4] for its gates; bias: for each unit 4 of the input and 4 of the
 * hidden part, with -zero point * sum of the weights folded in; factors: [8][2], of the input's and then of
 * the hidden part's gates; table: [256], as for tg_sigmoid_s16. */
static TG_INLINE void tg_lstm_s8(const int8_t *input, int8_t *hidden, int16_t *cell, int8_t *output,
                                 const int8_t *weights, const int32_t *bias, const int32_t *factors,
                                 const uint16_t *table, struct tg_lstm_params p)
{
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        for (int32_t step = 0; step < p.steps; ++step) {
            const int32_t row = batch * p.batch_rows + step * p.step_rows;
            const int8_t *const x = input + row * p.inputs;
            int8_t *const y = output + row * p.units;
            const int8_t *w = weights;
            for (int32_t unit = 0; unit < p.units; ++unit) {
                int32_t gates[4];
                int32_t recurrent[4];
                tg_lstm_gates_s8(gates, x, p.inputs, w, bias + 8 * unit, factors);
                w += 4 * p.inputs;
                tg_lstm_gates_s8(recurrent, hidden, p.units, w, bias + 8 * unit + 4, factors + 8);
                w += 4 * p.units;
                y[unit] = (int8_t)tg_clamp(tg_lstm_unit(gates, recurrent, cell + unit, table, p), -128, 127);
            }
            memcpy(hidden, y, (size_t)p.units);
        }
        hidden += p.units;
        cell += p.units;
    }
}

/* tg_lstm_s8 of int16. */
static TG_INLINE void tg_lstm_s16(const int16_t *input, int16_t *hidden, int16_t *cell, int16_t *output,
                                  const int8_t *weights, const int64_t *bias, const int32_t *factors,
                                  const uint16_t *table, struct tg_lstm_params p)
{
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        for (int32_t step = 0; step < p.steps; ++step) {
            const int32_t row = batch * p.batch_rows + step * p.step_rows;
            const int16_t *const x = input + row * p.inputs;
            int16_t *const y = output + row * p.units;
            const int8_t *w = weights;
            for (int32_t unit = 0; unit < p.units; ++unit) {
                int32_t gates[4];
                int32_t recurrent[4];
                tg_lstm_gates_s16(gates, x, p.inputs, w, bias + 8 * unit, factors);
                w += 4 * p.inputs;
                tg_lstm_gates_s16(recurrent, hidden, p.units, w, bias + 8 * unit + 4, factors + 8);
                w += 4 * p.units;
                y[unit] = (int16_t)tg_lstm_limit(tg_lstm_unit(gates, recurrent, cell + unit, table, p));
            }
            memcpy(hidden, y, sizeof *y * (size_t)p.units);
        }
        hidden += p.units;
        cell += p.units;
    }
}

#endif
