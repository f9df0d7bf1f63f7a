/* Console on a process's standard input and output, as raw bytes. */
#include "tinygen_bsp.h"

#include <errno.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#define read _read
#define write _write
#else
#include <unistd.h>
#endif

enum { STANDARD_INPUT = 0, STANDARD_OUTPUT = 1, CHUNK = 4096 };

static uint8_t received[CHUNK];
static size_t next_byte, end_byte;

void tg_console_init(void)
{
#ifdef _WIN32
    _setmode(STANDARD_INPUT, _O_BINARY);
    _setmode(STANDARD_OUTPUT, _O_BINARY);
#endif
    next_byte = end_byte = 0;
}

int tg_console_read(void)
{
    while (next_byte == end_byte) {
        const long count = (long)read(STANDARD_INPUT, received, CHUNK);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return -1;
        }
        next_byte = 0;
        end_byte = (size_t)count;
    }
    return received[next_byte++];
}

void tg_console_write(const uint8_t *data, size_t size)
{
    while (size > 0) {
        const long count = (long)write(STANDARD_OUTPUT, data, size < CHUNK ? (unsigned)size : CHUNK);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            tg_halt(1); /* whoever listened is gone */
        }
        data += count;
        size -= (size_t)count;
    }
}
