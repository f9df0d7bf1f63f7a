/* Console on an Arm CMSDK APB UART (Arm DDI 0479, "APB UART"): one byte of buffer each way, polled. */
#include "tinygen_bsp.h"

struct cmsdk_apb_uart {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t ctrl;
    volatile uint32_t intstatus;
    volatile uint32_t bauddiv;
};

#define UART ((struct cmsdk_apb_uart *)(uintptr_t)TG_CONSOLE_BASE)

enum { STATE_TX_FULL = 1u << 0, STATE_RX_FULL = 1u << 1, CTRL_TX_ENABLE = 1u << 0, CTRL_RX_ENABLE = 1u << 1 };

/* The smallest divisor that the UART works with. */
enum { BAUDDIV_MIN = 16 };

void tg_console_init(void)
{
    const uint32_t divisor = (uint32_t)TG_CLOCK_HZ / (uint32_t)TG_CONSOLE_BAUD;

    UART->bauddiv = divisor < BAUDDIV_MIN ? BAUDDIV_MIN : divisor;
    UART->ctrl = CTRL_TX_ENABLE | CTRL_RX_ENABLE;
    /* Whatever came before is lost anyway; and it is this read that makes QEMU look for input at once, where it
     * would otherwise do so a second later. */
    (void)UART->data;
}

int tg_console_read(void)
{
    while ((UART->state & STATE_RX_FULL) == 0) {
    }
    return (int)(UART->data & 0xffu);
}

void tg_console_write(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while ((UART->state & STATE_TX_FULL) != 0) {
        }
        UART->data = data[i];
    }
}
