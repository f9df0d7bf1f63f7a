/* What newlib asks of an operating system, so that printf and malloc in a user's own code link and work.
 *
 * tinygen's libraries use none of it, and the linker then leaves it out. Output goes to the console.
 */
#include "tinygen_bsp.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/types.h>

/* What is left of the memory that holds data; from the linker script. */
extern uint8_t tg_heap_start[], tg_heap_end[];

void *_sbrk(ptrdiff_t increment);
int _write(int file, const char *data, int size);
int _read(int file, char *data, int size);
int _close(int file);
int _fstat(int file, struct stat *status);
int _isatty(int file);
off_t _lseek(int file, off_t offset, int whence);
int _kill(int process, int signal);
int _getpid(void);
void _exit(int status);

void *_sbrk(ptrdiff_t increment)
{
    static uint8_t *brk = tg_heap_start;
    uint8_t *const block = brk;

    if (increment > tg_heap_end - brk || increment < tg_heap_start - brk) {
        errno = ENOMEM;
        return (void *)(intptr_t)-1;
    }
    brk += increment;
    return block;
}

int _write(int file, const char *data, int size)
{
    (void)file;
    tg_console_write((const uint8_t *)data, (size_t)size);
    return size;
}

int _read(int file, char *data, int size)
{
    const int byte = size > 0 ? tg_console_read() : -1;

    (void)file;
    if (byte < 0) {
        return 0;
    }
    data[0] = (char)byte;
    return 1;
}

int _close(int file)
{
    (void)file;
    return -1;
}

int _fstat(int file, struct stat *status)
{
    (void)file;
    status->st_mode = S_IFCHR;
    return 0;
}

int _isatty(int file)
{
    (void)file;
    return 1;
}

off_t _lseek(int file, off_t offset, int whence)
{
    (void)file;
    (void)offset;
    (void)whence;
    return 0;
}

int _kill(int process, int signal)
{
    (void)process;
    (void)signal;
    errno = EINVAL;
    return -1;
}

int _getpid(void)
{
    return 1;
}

void _exit(int status)
{
    tg_halt(status);
}
