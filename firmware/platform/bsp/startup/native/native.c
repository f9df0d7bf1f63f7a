/* A process of the operating system: the C library starts it, its stack cannot be bounded. */
#include "tinygen_bsp.h"

#include <stdlib.h>

struct tg_stack_limits tg_stack_limits(void)
{
    const struct tg_stack_limits unknown = {NULL, NULL};

    return unknown;
}

void tg_halt(int status)
{
    exit(status);
}
