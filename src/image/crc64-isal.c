/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-64/ISO by isa-l. */
#include <isa-l/crc64.h>

#include "image/crc64.h"

uint64_t crc64_iso(uint64_t crc, const void *bytes, size_t size) {
        return crc64_iso_refl(crc, bytes, size);
}
