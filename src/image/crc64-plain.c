/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-64/ISO by a table, where isa-l is not built. */
#include <pthread.h>

#include "image/crc64.h"

static uint64_t table[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(void) {
        for (unsigned int i = 0; i < 256; i++) {
                uint64_t crc = i;
                for (int bit = 0; bit < 8; bit++)
                        crc = crc & 1 ? crc >> 1 ^ 0xD800000000000000u : crc >> 1;
                table[i] = crc;
        }
}

uint64_t crc64_iso(uint64_t crc, const void *bytes, size_t size) {
        pthread_once(&once, fill);
        const uint8_t *at = bytes;
        crc = ~crc;
        for (size_t i = 0; i < size; i++)
                crc = table[(uint8_t) crc ^ at[i]] ^ crc >> 8;
        return ~crc;
}
