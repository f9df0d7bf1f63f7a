#include "tg_measure.h"

#include <stddef.h>

#include "tinygen_bsp.h"

#if defined(__GNUC__)
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE
#endif

#define PAINT UINT32_C(0xC5A35A3C)

/* The hook's context. */
struct meter {
    uint32_t *ticks; /* [layers] */
    uint32_t layers;
    uint32_t since; /* when the current interval began */
};

/* Ends one interval and begins the next. Kept thin: a run's stack is measured with this below its own frame. */
static NOINLINE void on_layer(void *context, uint32_t layer)
{
    struct meter *meter = context;

    tg_mark_end();
    if (layer < meter->layers) {
        meter->ticks[layer] = tg_ticks() - meter->since;
    }
    meter->since = tg_ticks();
    tg_mark_begin();
}

/* What a generated model does between two layers, without the layers. */
static NOINLINE void run_nothing(tg_app_hook volatile *hook, void *context)
{
    for (uint32_t layer = 0; layer < 2; layer++) {
        tg_app_hook call = *hook;
        if (call != NULL) {
            call(context, layer);
        }
    }
}

static uint32_t measure_overhead(void)
{
    uint32_t ticks[2] = {0, 0};
    struct meter meter = {.ticks = ticks, .layers = 2, .since = tg_ticks()};
    tg_app_hook volatile hook = on_layer;

    run_nothing(&hook, &meter);
    return ticks[1];
}

/* The stack pointer, or NULL where this is not written for the core. */
static inline uint8_t *stack_pointer(void)
{
    uint8_t *pointer = NULL;

#if defined(__arm__)
    __asm__ volatile("mov %0, sp" : "=r"(pointer));
#elif defined(__riscv)
    __asm__ volatile("mv %0, sp" : "=r"(pointer));
#elif defined(__XTENSA__)
    __asm__ volatile("mov %0, a1" : "=r"(pointer));
#endif
    return pointer;
}

/* The part of the stack below `top` that is free: whole words. Empty where the board cannot tell. */
static inline volatile uint32_t *free_stack(uint8_t *top)
{
    struct tg_stack_limits limits = tg_stack_limits();

    if (limits.low == NULL || top == NULL || top < limits.low || top > limits.high) {
        return NULL;
    }
    return (volatile uint32_t *)(((uintptr_t)limits.low + 3u) & ~(uintptr_t)3u);
}

/* NOINLINE, so that nothing of it lies below its stack pointer: that is the run's. */
static NOINLINE uint32_t run_painted(const struct tg_app_model *model, struct meter *meter)
{
    uint8_t *top = stack_pointer();
    volatile uint32_t *bottom = free_stack(top);
    volatile uint32_t *word;

    if (bottom != NULL) {
        for (word = bottom; (uintptr_t)word + 4 <= (uintptr_t)top; word++) {
            *word = PAINT;
        }
    }
    meter->since = tg_ticks();
    tg_mark_begin();
    model->run();
    tg_mark_end();
    meter->since = tg_ticks() - meter->since;
    if (bottom == NULL) {
        return TG_STACK_UNKNOWN;
    }
    for (word = bottom; (uintptr_t)word + 4 <= (uintptr_t)top && *word == PAINT; word++) {
    }
    return (uint32_t)((uintptr_t)top - (uintptr_t)word);
}

struct tg_measurement tg_measure_run(const struct tg_app_model *model)
{
    struct tg_measurement result;
    struct meter meter = {.ticks = model->ticks, .layers = model->layers};

    result.overhead = measure_overhead();
    model->set_hook(on_layer, &meter);
    result.stack = run_painted(model, &meter);
    result.tail = meter.since;
    model->set_hook(NULL, NULL);
    return result;
}
