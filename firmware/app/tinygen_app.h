/* The console application: serves inferences of the models in the image over the console (docs/PROTOCOL.md).
 *
 * A project's models.c describes each model and starts the server; for a model M with the functions of M.h:
 *
 *     #include "M.h"
 *     #include "tinygen_app.h"
 *
 *     static uint32_t ticks[M_LAYERS];                   (several models may share one, of the largest size)
 *
 *     static void *M_input_at(uint32_t index) { (void)index; return M_input(); }
 *     static const void *M_output_at(uint32_t index) { (void)index; return M_output(); }
 *         (several: a switch over index, with M_input_0() ...)
 *
 *     static const uint32_t M_input_sizes[] = {M_INPUT_BYTES};
 *     static const uint32_t M_output_sizes[] = {M_OUTPUT_BYTES};
 *     static const uint8_t M_digest[TG_APP_DIGEST_BYTES] = {0x.., ...};
 *
 *     static const struct tg_app_model models[] = {
 *         {
 *             .name = "M",
 *             .tool = "0.1.0",
 *             .digest = M_digest,
 *             .layers = M_LAYERS,
 *             .arena_bytes = M_ARENA_BYTES,
 *             .state_bytes = 0,
 *             .input_count = 1,
 *             .input_bytes = M_input_sizes,
 *             .output_count = 1,
 *             .output_bytes = M_output_sizes,
 *             .init = M_init,
 *             .reset = M_reset,
 *             .run = M_run,
 *             .set_hook = M_set_hook,
 *             .input = M_input_at,
 *             .output = M_output_at,
 *             .arena = M_arena,
 *             .ticks = ticks,
 *         },
 *     };
 *
 *     int main(void) { tg_app_serve(models, sizeof models / sizeof models[0]); return 0; }
 *
 * C99 and C++17.
 */
#ifndef TINYGEN_APP_H
#define TINYGEN_APP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a digest: SHA-256. */
#define TG_APP_DIGEST_BYTES 32

/* Ranges that one TRACE request may name; 12 bytes of RAM each. */
#ifndef TG_APP_TRACE_RANGES
#define TG_APP_TRACE_RANGES 64
#endif
#if TG_APP_TRACE_RANGES < 1 || TG_APP_TRACE_RANGES > 255
#error "TG_APP_TRACE_RANGES is sent as one byte"
#endif

/* Called by a model after each layer, with the layer's index. */
typedef void (*tg_app_hook)(void *context, uint32_t layer);

/* A model in the image. Sizes are in bytes; `count` is the number of elements of the array beside it. */
struct tg_app_model {
    const char *name;             /* C identifier, at most 255 characters */
    const char *tool;             /* version of the tinygen that generated it, at most 255 characters */
    const uint8_t *digest;        /* TG_APP_DIGEST_BYTES: which model and library this is */
    uint32_t layers;              /* calls of the hook in one run */
    uint32_t arena_bytes;         /* size of arena() */
    uint32_t state_bytes;         /* what a run keeps for the next; 0 when runs are independent */
    uint32_t input_count;         /* at most 255 */
    const uint32_t *input_bytes;  /* [input_count] */
    uint32_t output_count;        /* at most 255 */
    const uint32_t *output_bytes; /* [output_count] */
    void (*init)(void);
    void (*reset)(void);
    void (*run)(void);
    void (*set_hook)(tg_app_hook hook, void *context);
    void *(*input)(uint32_t index);        /* where input `index` is written before a run */
    const void *(*output)(uint32_t index); /* where output `index` is after it */
    uint8_t *(*arena)(void);
    uint32_t *ticks; /* [layers]: the application's own, to count each layer in */
};

/* Initialise the models and answer requests until the console ends, which it does on a host only.
 *
 * models: [count], at most 255.
 */
void tg_app_serve(const struct tg_app_model *models, size_t count);

#ifdef __cplusplus
}
#endif

#endif
