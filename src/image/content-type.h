/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#define CONTENT_TYPE_HEAD 512 /* more is not looked at */

/* The media type of a file by its first bytes, as Podman names it (the MIME Sniffing standard). */
const char *content_type_of(const void *head, size_t size);
