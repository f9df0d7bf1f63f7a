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

/* The second byte of an escape, translated; -1 when it ends the frame. */
static int read_escaped(struct tg_frame_reader *reader)
{
    int byte = tg_console_read();

    if (byte == ESC_END) {
        return END;
    }
    if (byte == ESC_ESC) {
        return ESC;
    }
    reader->damaged = true;
    if (byte == END) {
        reader->state = TG_FRAME_ENDED;
        return -1;
    }
    return byte;
}

/* The next byte of the frame, its CRC included; -1 when there is none. */
static int next_byte(struct tg_frame_reader *reader)
{
    int byte;

    if (reader->state != TG_FRAME_OPEN) {
        return -1;
    }
    byte = reader->has_first ? reader->first : tg_console_read();
    reader->has_first = false;
    if (byte == END) {
        reader->state = TG_FRAME_ENDED;
        return -1;
    }
    if (byte == ESC) {
        byte = read_escaped(reader);
    }
    if (byte < 0 && reader->state == TG_FRAME_OPEN) {
        reader->state = TG_FRAME_CLOSED;
    }
    return byte;
}

/* The next byte of type, sequence and payload; -1 when only the CRC is left. */
static int next_content(struct tg_frame_reader *reader)
{
    int byte;

    while ((byte = next_byte(reader)) >= 0) {
        uint8_t oldest = (uint8_t)reader->tail;
        reader->tail = reader->tail >> 8 | (uint32_t)byte << 24;
        if (reader->tail_bytes == CRC_BYTES) {
            reader->crc = tg_crc32_update(reader->crc, &oldest, 1);
            return oldest;
        }
        reader->tail_bytes++;
    }
    return -1;
}

bool tg_frame_open(struct tg_frame_reader *reader)
{
    int byte;

    do {
        byte = tg_console_read();
    } while (byte == END);
    *reader = (struct tg_frame_reader){.crc = TG_CRC32_INIT, .first = (uint8_t)byte, .has_first = true};
    return byte >= 0;
}

bool tg_frame_read(struct tg_frame_reader *reader, uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int byte = next_content(reader);
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
    bool longer = false;

    while (next_content(reader) >= 0) {
        longer = true;
    }
    if (reader->damaged || reader->state != TG_FRAME_ENDED || reader->tail_bytes < CRC_BYTES ||
        reader->tail != ~reader->crc) {
        return TG_FRAME_DAMAGED;
    }
    return longer || reader->short_read ? TG_FRAME_LENGTH : TG_FRAME_INTACT;
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
