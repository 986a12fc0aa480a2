/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* "1h2m3.5s", "6.565ms": as Go prints a time.Duration. Caller frees. */
char *go_duration(uint64_t nsec);
