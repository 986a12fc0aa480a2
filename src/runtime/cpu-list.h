/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Lists of processors and memory nodes, "0-3,8", as cpuset(7) has them, to a bit mask of
 * size_bytes. *ret_n_bits is the largest one and one more. */
bool cpu_list_parse(
                const char *text,
                unsigned long *mask,
                size_t size_bytes,
                unsigned long *ret_n_bits,
                GError **error);
