/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* CRC-64/ISO (Go's crc64.ISO), which tar-split uses. Start with 0; feed the last value back. */
uint64_t crc64_iso(uint64_t crc, const void *bytes, size_t size);
