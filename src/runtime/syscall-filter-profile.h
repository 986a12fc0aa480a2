/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/stat.h>

#include "runtime/syscall-filter.h"

/* Reading profiles, for the two files that do. */

#define SECCOMP_PROFILE_SIZE_MAX (1u << 20)

/* The profile's name of our architecture is Go's: "amd64". */
const char *syscall_filter_architecture(void);

/* By its includes and excludes. */
bool syscall_filter_group_applies(
                JsonObject *group, uint64_t capabilities, bool *ret, GError **error);

/* asked, or the first default that is there; NULL and errno otherwise. */
const char *syscall_filter_find_profile(const char *asked, struct stat *st);
