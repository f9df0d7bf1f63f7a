#include "tg_frame.h"

#include "tg_crc32.h"
#include "tinygen_bsp.h"

/* RFC 1055, "Protocol". */
enum {
    END = 0xC0,
    ESC = 0xDB,
    ESC_END = 0xDC,
    ESC_ESC = 0xDD,
};

enum { CRC_BYTES = 4 };

/* The next byte of the frame, unescaped; -1 when there is none. */
static int next_byte(struct tg_frame_reader *reader)
{
    int byte;
    uint8_t value;

    if (reader->state != TG_FRAME_OPEN) {
        return -1;
    }
    if (reader->holds) {
        reader->holds = false;
        byte = reader->held;
    } else {
        byte = tg_console_read();
    }
    if (byte == ESC) {
        byte = tg_console_read();
        if (byte == ESC_END) {
            byte = END;
        } else if (byte == ESC_ESC) {
            byte = ESC;
        } else {
            reader->damaged = true;
            reader->state = byte == END ? TG_FRAME_ENDED : reader->state;
        }
    } else if (byte == END) {
        reader->state = TG_FRAME_ENDED;
    }
    if (byte < 0) {
        reader->state = TG_FRAME_CLOSED;
    }
    if (reader->state != TG_FRAME_OPEN) {
        return -1;
    }
    value = (uint8_t)byte;
    reader->crc = tg_crc32_update(reader->crc, &value, 1);
    return byte;
}

bool tg_frame_open(struct tg_frame_reader *reader)
{
    int byte;

    do {
        byte = tg_console_read();
    } while (byte == END);
    *reader = (struct tg_frame_reader){.crc = TG_CRC32_INIT, .held = (uint8_t)byte, .holds = true};
    return byte >= 0;
}

bool tg_frame_read(struct tg_frame_reader *reader, uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int byte = next_byte(reader);
        if (byte < 0) {
            reader->short_read = true;
            return false;
        }
        data[i] = (uint8_t)byte;
    }
    return true;
}

uint32_t tg_frame_read_u32(struct tg_frame_reader *reader)
{
    uint8_t bytes[4];

    if (!tg_frame_read(reader, bytes, sizeof bytes)) {
        return 0;
    }
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

uint8_t tg_frame_read_u8(struct tg_frame_reader *reader)
{
    uint8_t byte;

    return tg_frame_read(reader, &byte, 1) ? byte : 0;
}

enum tg_frame_result tg_frame_close(struct tg_frame_reader *reader)
{
    size_t rest = 0;

    /* Saturates: a frame of garbage may be of any length. */
    while (next_byte(reader) >= 0) {
        rest += rest <= CRC_BYTES;
    }
    /* A CRC followed by itself leaves the same register whatever the message. */
    if (reader->damaged || reader->state != TG_FRAME_ENDED || reader->crc != TG_CRC32_RESIDUE) {
        return TG_FRAME_DAMAGED;
    }
    return rest == CRC_BYTES && !reader->short_read ? TG_FRAME_INTACT : TG_FRAME_LENGTH;
}

/* Send bytes with END and ESC escaped, in runs as long as nothing has to be. */
static void write_escaped(const uint8_t *data, size_t size)
{
    static const uint8_t escaped_end[] = {ESC, ESC_END};
    static const uint8_t escaped_esc[] = {ESC, ESC_ESC};
    size_t sent = 0;

    for (size_t i = 0; i < size; i++) {
        if (data[i] == END || data[i] == ESC) {
            if (i > sent) {
                tg_console_write(data + sent, i - sent);
            }
            tg_console_write(data[i] == END ? escaped_end : escaped_esc, 2);
            sent = i + 1;
        }
    }
    if (size > sent) {
        tg_console_write(data + sent, size - sent);
    }
}

void tg_frame_begin(struct tg_frame_writer *writer, uint8_t type, uint8_t sequence)
{
    const uint8_t end = END;
    const uint8_t head[] = {type, sequence};

    /* An END first: whatever was sent before, a start-up message for one, is no part of this frame. */
    tg_console_write(&end, 1);
    writer->crc = TG_CRC32_INIT;
    tg_frame_write(writer, head, sizeof head);
}

void tg_frame_write(struct tg_frame_writer *writer, const uint8_t *data, size_t size)
{
    writer->crc = tg_crc32_update(writer->crc, data, size);
    write_escaped(data, size);
}

void tg_frame_write_u32(struct tg_frame_writer *writer, uint32_t value)
{
    const uint8_t bytes[] = {
        (uint8_t)value,
        (uint8_t)(value >> 8),
        (uint8_t)(value >> 16),
        (uint8_t)(value >> 24),
    };

    tg_frame_write(writer, bytes, sizeof bytes);
}

void tg_frame_write_u8(struct tg_frame_writer *writer, uint8_t value)
{
    tg_frame_write(writer, &value, 1);
}

void tg_frame_end(struct tg_frame_writer *writer)
{
    const uint8_t end = END;

    tg_frame_write_u32(writer, ~writer->crc);
    tg_console_write(&end, 1);
}
