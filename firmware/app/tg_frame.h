/* Frames over the console: SLIP (RFC 1055) around type, sequence number, payload and CRC-32.
 *
 * Nothing is buffered: a payload is read to where it belongs and written from where it is, and the CRC is
 * computed on the way. So a reader learns only at the end whether what it has read is intact.
 */
#ifndef TG_FRAME_H
#define TG_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tg_frame_state {
    TG_FRAME_OPEN,   /* more may come */
    TG_FRAME_ENDED,  /* its end was read */
    TG_FRAME_CLOSED, /* the console ended within it */
};

/* What became of a frame. */
enum tg_frame_result {
    TG_FRAME_INTACT,
    TG_FRAME_DAMAGED, /* wrong CRC or escape, or too short to be a frame */
    TG_FRAME_LENGTH,  /* intact, but the payload is shorter or longer than what was read of it */
};

struct tg_frame_reader {
    enum tg_frame_state state;
    uint32_t crc;       /* register over what was read */
    uint32_t tail;      /* the last bytes that came, oldest lowest: at the end they are the frame's CRC */
    uint8_t tail_bytes; /* how many, at most 4 */
    uint8_t first;      /* the first byte, which had to be read to find the frame */
    bool has_first;     /* it is still to be delivered */
    bool damaged;       /* an escape that means nothing was met */
    bool short_read;    /* more was asked for than there was */
};

struct tg_frame_writer {
    uint32_t crc;
};

/* Wait for the first byte of a frame, skipping empty ones; false when the console has ended. */
bool tg_frame_open(struct tg_frame_reader *reader);

/* Read `size` bytes; false when the frame has fewer, and then data's contents are unspecified. */
bool tg_frame_read(struct tg_frame_reader *reader, uint8_t *data, size_t size);

/* Read a 32-bit number, least significant byte first; 0 when the frame has fewer bytes. */
uint32_t tg_frame_read_u32(struct tg_frame_reader *reader);

/* Read an 8-bit number; 0 when the frame has fewer bytes. */
uint8_t tg_frame_read_u8(struct tg_frame_reader *reader);

/* Read up to the frame's end and judge it. */
enum tg_frame_result tg_frame_close(struct tg_frame_reader *reader);

/* Send the start of a frame. */
void tg_frame_begin(struct tg_frame_writer *writer, uint8_t type, uint8_t sequence);

/* Send `size` bytes of payload. */
void tg_frame_write(struct tg_frame_writer *writer, const uint8_t *data, size_t size);

/* Send a 32-bit number, least significant byte first. */
void tg_frame_write_u32(struct tg_frame_writer *writer, uint32_t value);

/* Send an 8-bit number. */
void tg_frame_write_u8(struct tg_frame_writer *writer, uint8_t value);

/* Send the CRC and the end. */
void tg_frame_end(struct tg_frame_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
