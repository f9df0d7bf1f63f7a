/* The board as an application sees it: a console, a counter, a stack. C99 and C++17.
 *
 * One start-up (bsp/startup/<name>/), one console driver (bsp/console/<driver>.c) and one counter driver
 * (bsp/ticks/<driver>.c) implement it; the board file names them.
 *
 * A fault ends the program with one line of text on the console: "\nFAULT ", what is known of it, "\n".
 */
#ifndef TINYGEN_BSP_H
#define TINYGEN_BSP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bring up the console: raw bytes both ways, nothing translated, nothing echoed. Call it once, first. */
void tg_console_init(void);

/* Wait for the next byte and return it (0 to 255); -1 when no byte can ever come again (host: end of file). */
int tg_console_read(void);

/* Send `size` bytes; returns when all are handed over (host: flushed). */
void tg_console_write(const uint8_t *data, size_t size);

/* A free-running counter that counts up and wraps at 2^32; differences of two readings are meaningful. */
uint32_t tg_ticks(void);

/* Its rate in Hz; 0 where the board has no counter. */
uint32_t tg_ticks_hz(void);

/* The stack in use: it grows down from `high` (exclusive) to `low`. Both NULL where it cannot be measured. */
struct tg_stack_limits {
    uint8_t *low;
    uint8_t *high;
};

struct tg_stack_limits tg_stack_limits(void);

/* Stop for good: on the host end the process with `status`, elsewhere sleep with interrupts off. */
#if defined(__GNUC__)
__attribute__((noreturn))
#endif
void tg_halt(int status);

#ifdef __cplusplus
}
#endif

#endif
