/* A file of their own, so that no compiler sees through them. */
#include "tg_measure.h"

#if defined(__GNUC__)
#define KEPT __attribute__((noinline, used))
#else
#define KEPT
#endif

KEPT void tg_mark_begin(void)
{
#if defined(__GNUC__)
    __asm__ volatile("" ::: "memory");
#endif
}

KEPT void tg_mark_end(void)
{
#if defined(__GNUC__)
    /* Another body than tg_mark_begin's, or identical code folding would give both one address. */
    __asm__ volatile("nop" ::: "memory");
#endif
}
