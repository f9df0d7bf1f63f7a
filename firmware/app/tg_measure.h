/* Measures one run of a model: ticks per layer, stack. */
#ifndef TG_MEASURE_H
#define TG_MEASURE_H

#include <stdint.h>

#include "tinygen_app.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The stack of a run where it cannot be measured. */
#define TG_STACK_UNKNOWN UINT32_C(0xFFFFFFFF)

/* What a run took. Ticks of the layers are in the model's `ticks`. */
struct tg_measurement {
    uint32_t overhead; /* ticks of an interval with no layer in it; part of each layer's and of the tail's */
    uint32_t tail;     /* ticks from the last layer to the end of the run */
    uint32_t stack;    /* bytes below the caller's frame that the run wrote, or TG_STACK_UNKNOWN */
};

/* Run `model` once. */
struct tg_measurement tg_measure_run(const struct tg_app_model *model);

/* Bounds of each interval that is measured. They do nothing: an emulator that watches their addresses counts
 * the instructions between a begin and the next end. */
void tg_mark_begin(void);
void tg_mark_end(void);

#ifdef __cplusplus
}
#endif

#endif
