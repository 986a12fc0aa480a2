/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* The bytes of all files below a directory, links not followed; 0 when there is none. */
uint64_t tree_size(const char *path);
