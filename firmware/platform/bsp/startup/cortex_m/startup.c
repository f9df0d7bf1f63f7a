/* Start-up of a Cortex-M (Armv6-M, Armv7-M, Armv8-M): vector table, memory, FPU, main.
 *
 * References: Armv7-M Architecture Reference Manual (DDI 0403), "Exception model" and "System Control Space".
 */
#include "tinygen_bsp.h"

/* Coprocessor Access Control Register; CP10 and CP11 are the floating-point and vector extensions. */
#define CPACR (*(volatile uint32_t *)0xE000ED88u)
#define CPACR_CP10_CP11_FULL (0xFu << 20)

/* From the linker script. */
extern uint8_t tg_stack_low[], tg_stack_high[];
extern uint32_t tg_data_load[], tg_data_start[], tg_data_end[];
extern uint32_t tg_bss_start[], tg_bss_end[];
extern uint32_t tg_arena_start[], tg_arena_end[];
extern void (*const tg_init_array_start[])(void);
extern void (*const tg_init_array_end[])(void);

int main(void);
void tg_reset(void);
void tg_fault_entry(void);

struct vector_table {
    uint8_t *initial_stack;
    void (*handlers[15])(void);
};

/* Nothing enables an interrupt, so that every exception but reset is a fault. */
__attribute__((section(".vectors"), used)) const struct vector_table tg_vectors = {
    .initial_stack = tg_stack_high,
    .handlers = {tg_reset, tg_fault_entry, tg_fault_entry, tg_fault_entry, tg_fault_entry, tg_fault_entry,
                 tg_fault_entry, tg_fault_entry, tg_fault_entry, tg_fault_entry, tg_fault_entry, tg_fault_entry,
                 tg_fault_entry, tg_fault_entry, tg_fault_entry},
};

static void clear(uint32_t *from, const uint32_t *end)
{
    while (from < end) {
        *from++ = 0;
    }
}

void tg_reset(void)
{
    const uint32_t *load = tg_data_load;

#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    /* First of all: the compiler may use floating-point registers anywhere. */
    CPACR |= CPACR_CP10_CP11_FULL;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
    for (uint32_t *data = tg_data_start; data < tg_data_end;) {
        *data++ = *load++;
    }
    clear(tg_bss_start, tg_bss_end);
    clear(tg_arena_start, tg_arena_end);
    for (void (*const *constructor)(void) = tg_init_array_start; constructor < tg_init_array_end;) {
        (*constructor++)();
    }
    tg_halt(main());
}

struct tg_stack_limits tg_stack_limits(void)
{
    const struct tg_stack_limits limits = {tg_stack_low, tg_stack_high};

    return limits;
}

void tg_halt(int status)
{
    (void)status;
    __asm__ volatile("cpsid i" ::: "memory");
    for (;;) {
        __asm__ volatile("wfi");
    }
}
