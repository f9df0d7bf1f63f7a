/* Start-up of a Cortex-M (Armv6-M, Armv7-M, Armv8-M): vector table, memory, FPU, main.
 *
 * References: Armv7-M Architecture Reference Manual (DDI 0403), "Exception model" and "System Control Space".
 */
#include "tinygen_bsp.h"

/* Coprocessor Access Control Register; CP10 and CP11 are the floating-point and vector extensions. */
#define CPACR (*(volatile uint32_t *)0xE000ED88u)
#define CPACR_CP10_CP11_FULL (0xFu << 20)

/* Memory Protection Unit of Armv7-M (DDI 0403, "Protected Memory System Architecture"). */
#define MPU_TYPE (*(volatile uint32_t *)0xE000ED90u)
#define MPU_CTRL (*(volatile uint32_t *)0xE000ED94u)
#define MPU_RBAR (*(volatile uint32_t *)0xE000ED9Cu)
#define MPU_RASR (*(volatile uint32_t *)0xE000EDA0u)
#define MPU_TYPE_REGIONS 0x0000FF00u
#define MPU_CTRL_ENABLE_WITH_DEFAULT_MAP 0x5u
#define MPU_RBAR_REGION_0 0x10u
#define MPU_RASR_32_BYTES_NO_ACCESS 0x10000009u

/* The lowest bytes of the stack, which nothing may touch: the smallest region that the MPU knows. */
enum { GUARD_BYTES = 32 };

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

static uint8_t *stack_guard(void)
{
    return (uint8_t *)(((uintptr_t)tg_stack_low + GUARD_BYTES - 1) & ~(uintptr_t)(GUARD_BYTES - 1));
}

/* Make an overflow a fault. At the low end of its memory the stack mostly overflows into one anyway, but there
 * are chips and emulators where something answers below. */
static void guard_stack(void)
{
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
    __asm__ volatile("msr msplim, %0" ::"r"(stack_guard() + GUARD_BYTES));
#elif __ARM_ARCH == 7
    if ((MPU_TYPE & MPU_TYPE_REGIONS) != 0) {
        MPU_RBAR = (uint32_t)(uintptr_t)stack_guard() | MPU_RBAR_REGION_0;
        MPU_RASR = MPU_RASR_32_BYTES_NO_ACCESS;
        MPU_CTRL = MPU_CTRL_ENABLE_WITH_DEFAULT_MAP;
        __asm__ volatile("dsb\n\tisb" ::: "memory");
    }
#endif
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
    guard_stack();
    for (void (*const *constructor)(void) = tg_init_array_start; constructor < tg_init_array_end;) {
        (*constructor++)();
    }
    tg_halt(main());
}

struct tg_stack_limits tg_stack_limits(void)
{
    const struct tg_stack_limits limits = {stack_guard() + GUARD_BYTES, tg_stack_high};

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
