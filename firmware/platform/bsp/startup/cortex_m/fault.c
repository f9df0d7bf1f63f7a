/* A fault of a Cortex-M: one line of text on the console, then nothing more.
 *
 * The line begins with "\nFAULT " and ends in "\n"; see tinygen_bsp.h.
 */
#include "tinygen_bsp.h"

/* Configurable Fault Status Register, and the addresses of what MemManage and BusFault refused (Armv7-M,
 * Armv8-M mainline). */
#define CFSR (*(volatile uint32_t *)0xE000ED28u)
#define MMFAR (*(volatile uint32_t *)0xE000ED34u)
#define BFAR (*(volatile uint32_t *)0xE000ED38u)
#define CFSR_MMARVALID (1u << 7)
#define CFSR_BFARVALID (1u << 15)

/* What the core pushes when it takes an exception (DDI 0403, "Exception entry behavior"). */
struct exception_frame {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
};

void tg_fault_entry(void);
void tg_fault_report(const struct exception_frame *frame, uint32_t exception);

/* The stack may have overflowed: keep its pointer for the report, and use it from the top again. */
__attribute__((naked)) void tg_fault_entry(void)
{
    __asm__ volatile("mov r0, sp\n\t"
                     "mrs r1, ipsr\n\t"
                     "ldr r2, =tg_stack_high\n\t"
                     "mov sp, r2\n\t"
                     "ldr r2, =tg_fault_report\n\t"
                     "bx r2\n\t"
                     ".ltorg");
}

static void put(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0') {
        length++;
    }
    tg_console_write((const uint8_t *)text, length);
}

static void put_hex(const char *name, uint32_t value)
{
    char digits[9];

    for (unsigned i = 0; i < 8; i++) {
        digits[i] = "0123456789abcdef"[(value >> (28 - 4 * i)) & 0xfu];
    }
    digits[8] = '\0';
    put(name);
    put(digits);
}

static const char *exception_name(uint32_t exception)
{
    switch (exception) {
    case 2:
        return "NMI";
    case 3:
        return "HardFault";
    case 4:
        return "MemManage";
    case 5:
        return "BusFault";
    case 6:
        return "UsageFault";
    default:
        return "exception";
    }
}

/* `frame` where it lies in the stack; where it does not, the stack overflowed and the frame is lost. */
__attribute__((used)) void tg_fault_report(const struct exception_frame *frame, uint32_t exception)
{
    /* Volatile: printing reuses the stack, and the frame may lie where it grows. */
    const volatile struct exception_frame *pushed = frame;
    const uint8_t *first = (const uint8_t *)frame;
    const struct tg_stack_limits stack = tg_stack_limits();
    const int overflow = first < stack.low || first + sizeof *frame > stack.high;
    const uint32_t pc = overflow ? 0 : pushed->pc;
    const uint32_t lr = overflow ? 0 : pushed->lr;

    tg_console_init();
    put("\nFAULT ");
    put(exception_name(exception));
    if (overflow) {
        put(" stack overflow");
    } else {
        put_hex(" pc=", pc);
        put_hex(" lr=", lr);
    }
#if __ARM_ARCH >= 7
    put_hex(" cfsr=", CFSR);
    if ((CFSR & (CFSR_MMARVALID | CFSR_BFARVALID)) != 0) {
        put_hex(" address=", (CFSR & CFSR_MMARVALID) != 0 ? MMFAR : BFAR);
    }
#endif
    put("\n");
    tg_halt(1);
}
