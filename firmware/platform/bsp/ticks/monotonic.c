/* Counter on the operating system's monotonic clock, in ticks of 1 / TG_TICKS_HZ seconds. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "tinygen_bsp.h"

#include <time.h>

#define NANOSECONDS 1000000000u

uint32_t tg_ticks(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return 0;
    }
    return (uint32_t)((uint64_t)now.tv_sec * TG_TICKS_HZ + (uint64_t)now.tv_nsec / (NANOSECONDS / TG_TICKS_HZ));
}

uint32_t tg_ticks_hz(void)
{
    return (uint32_t)TG_TICKS_HZ;
}
