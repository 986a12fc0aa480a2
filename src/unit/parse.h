/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "base/diagnostics.h"
#include "unit/file.h"

/* systemd.syntax(7). Larger files and longer lists are findings, not allocations. */
#define UNIT_FILE_SIZE_MAX  (1024 * 1024)
#define UNIT_FILE_LINES_MAX 20000

/* Parses the bytes of a unit file. What is wrong goes to diagnostics and the rest is still there,
 * so that one pass reports everything; never NULL. */
UnitFile *unit_parse(const char *path, const char *bytes, size_t size, Diagnostics *diagnostics);
