/* CRC-32 (IEEE 802.3, reflected 0x04C11DB7), the one of zlib. */
#ifndef TG_CRC32_H
#define TG_CRC32_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The register before the first byte; the CRC is the register's complement after the last one. */
#define TG_CRC32_INIT UINT32_C(0xFFFFFFFF)

/* The register after `size` more bytes of `data`. */
uint32_t tg_crc32_update(uint32_t crc, const uint8_t *data, size_t size);

#ifdef __cplusplus
}
#endif

#endif
