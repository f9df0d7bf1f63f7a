/* Counter on an Arm CMSDK APB timer (Arm DDI 0479, "APB timer"), which counts down and reloads. */
#include "tinygen_bsp.h"

struct cmsdk_apb_timer {
    volatile uint32_t ctrl;
    volatile uint32_t value;
    volatile uint32_t reload;
    volatile uint32_t intstatus;
};

#define TIMER ((struct cmsdk_apb_timer *)(uintptr_t)TG_TICKS_BASE)

enum { CTRL_ENABLE = 1u << 0 };

uint32_t tg_ticks(void)
{
    if ((TIMER->ctrl & CTRL_ENABLE) == 0) {
        TIMER->reload = UINT32_MAX;
        TIMER->value = UINT32_MAX;
        TIMER->ctrl = CTRL_ENABLE;
    }
    return UINT32_MAX - TIMER->value;
}

uint32_t tg_ticks_hz(void)
{
    return (uint32_t)TG_TICKS_HZ;
}
