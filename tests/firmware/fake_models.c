/* Models as the generator would write them, made to be predictable. Two, so that requests must name one.
 *
 * "mirror": 256 bytes and 4 bytes in, the same out, in two layers. Its first layer copies the arena's input to
 * its output; the second adds up what was in it. Byte values of the second input make it misbehave.
 * "tally": keeps state: the number of runs since the reset.
 */
#include <string.h>

#include "tinygen_app.h"
#include "tinygen_bsp.h"

#ifndef FAKE_WORK
#define FAKE_WORK 1000
#endif
#ifndef FAKE_STACK
#define FAKE_STACK 512
#endif

enum { MISBEHAVE_HANG = 0xE1, MISBEHAVE_FAULT = 0xE2, MISBEHAVE_END = 0xE3, MISBEHAVE_CHATTER = 0xE4 };

/* The arena: input 0 at 0, input 1 at 256, output 0 at 272, output 1 at 528. */
static uint8_t mirror_arena_bytes[544];
static tg_app_hook mirror_hook;
static void *mirror_context;
static volatile uint32_t sink;

static __attribute__((noinline)) void spin(uint32_t iterations)
{
    for (uint32_t i = 0; i < iterations; i++) {
        __asm__ volatile("" ::: "memory");
    }
}

static __attribute__((noinline)) void use_stack(void)
{
    volatile uint8_t buffer[FAKE_STACK];

    for (uint32_t i = 0; i < FAKE_STACK; i++) {
        buffer[i] = (uint8_t)i;
    }
    sink += buffer[FAKE_STACK - 1];
}

static __attribute__((noinline)) void misbehave(uint8_t how)
{
    if (how == MISBEHAVE_HANG) {
        for (;;) {
            __asm__ volatile("");
        }
    } else if (how == MISBEHAVE_FAULT) {
#if defined(__arm__)
        __asm__ volatile("udf #1");
#else
        __builtin_trap();
#endif
    } else if (how == MISBEHAVE_END) {
        tg_halt(3);
    } else if (how == MISBEHAVE_CHATTER) {
        tg_console_write((const uint8_t *)"stray \xC0", 7);
    }
}

static void mirror_init(void)
{
    memset(mirror_arena_bytes, 0, sizeof mirror_arena_bytes);
}

static void mirror_reset(void)
{
}

static void mirror_run(void)
{
    misbehave(mirror_arena_bytes[256]);
    memcpy(mirror_arena_bytes + 272, mirror_arena_bytes, 256);
    spin(FAKE_WORK);
    if (mirror_hook != NULL) {
        mirror_hook(mirror_context, 0);
    }
    use_stack();
    memcpy(mirror_arena_bytes + 528, mirror_arena_bytes + 256, 4);
    memset(mirror_arena_bytes, 0, 256); /* a run consumes its inputs */
    spin(2 * FAKE_WORK);
    if (mirror_hook != NULL) {
        mirror_hook(mirror_context, 1);
    }
}

static void mirror_set_hook(tg_app_hook hook, void *context)
{
    mirror_hook = hook;
    mirror_context = context;
}

static void *mirror_input(uint32_t index)
{
    return mirror_arena_bytes + (index == 0 ? 0 : 256);
}

static const void *mirror_output(uint32_t index)
{
    return mirror_arena_bytes + (index == 0 ? 272 : 528);
}

static uint8_t *mirror_arena(void)
{
    return mirror_arena_bytes;
}

static uint32_t tally_runs;
static uint8_t tally_arena_bytes[8];

static void tally_init(void)
{
    tally_runs = 99;
}

static void tally_reset(void)
{
    tally_runs = 0;
}

static void tally_run(void)
{
    tally_runs++;
    tally_arena_bytes[4] = (uint8_t)tally_runs;
}

static void tally_set_hook(tg_app_hook hook, void *context)
{
    (void)hook;
    (void)context;
}

static void *tally_input(uint32_t index)
{
    return tally_arena_bytes + index;
}

static const void *tally_output(uint32_t index)
{
    return tally_arena_bytes + 4 + index;
}

static uint8_t *tally_arena(void)
{
    return tally_arena_bytes;
}

static uint32_t ticks[2];
static const uint32_t mirror_sizes[] = {256, 4};
static const uint32_t tally_sizes[] = {1};
static const uint8_t mirror_digest[TG_APP_DIGEST_BYTES] = {0xC0, 0xDB, 0x01};
static const uint8_t tally_digest[TG_APP_DIGEST_BYTES] = {0x02};

const struct tg_app_model fake_models[] = {
    {"mirror", "1.2.3", mirror_digest, 2, sizeof mirror_arena_bytes, 0, 2, mirror_sizes, 2, mirror_sizes, mirror_init,
     mirror_reset, mirror_run, mirror_set_hook, mirror_input, mirror_output, mirror_arena, ticks},
    {"tally", "1.2.3", tally_digest, 0, sizeof tally_arena_bytes, 4, 1, tally_sizes, 1, tally_sizes, tally_init,
     tally_reset, tally_run, tally_set_hook, tally_input, tally_output, tally_arena, ticks},
};
