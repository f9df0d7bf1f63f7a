/* Another program: it has the application's symbols, and never answers. */
#include "tg_measure.h"

int main(void)
{
    tg_mark_begin();
    tg_mark_end();
    for (;;) {
        __asm__ volatile("");
    }
}
