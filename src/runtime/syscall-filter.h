/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "systemd/unit-settings.h"

/* System call filters. The profile is JSON as containers-common ships it (seccomp.json(5) of
 * Podman: groups with includes/excludes by capability and architecture). Compiling one costs
 * milliseconds, so the program is kept under cache_dir, named by everything that goes into it. */

typedef struct SyscallFilterRequest {
        const char *profile_path; /* NULL: /etc/containers, /usr/share/containers, else built in */
        uint64_t bounding_capabilities; /* groups are included by these; bit = CAP_ number */
        const char *cache_dir;          /* exists, 0700; NULL: no cache */
} SyscallFilterRequest;

/* *ret_program is an array of struct sock_filter. */
bool syscall_filter_load(const SyscallFilterRequest *request, GBytes **ret_program, GError **error);

/* Compiles a profile given as bytes; `what` names it in errors. For tests and for --security-opt.
 */
bool syscall_filter_compile(
                const char *bytes,
                size_t size,
                uint64_t bounding_capabilities,
                const char *what,
                GBytes **ret_program,
                GError **error);

/* linux.seccomp of a runtime configuration; *ret_flags are for seccomp(2). With SCMP_ACT_NOTIFY in
 * it there is a listener. */
bool syscall_filter_compile_spec(
                JsonNode *seccomp,
                GBytes **ret_program,
                unsigned int *ret_flags,
                bool *ret_notifies,
                GError **error);

/* The profile as linux.seccomp, for another runtime: groups that do not apply are left out. */
bool syscall_filter_to_spec(
                const SyscallFilterRequest *request, JsonNode **ret_seccomp, GError **error);

/* The sandbox keys of a unit: none to two programs (GBytes), the container's own filter apart. */
bool syscall_filter_compile_unit(
                const UnitSettings *settings, GPtrArray **ret_programs, GError **error);

/* A libseccomp context's program, for the files that build one. */
bool syscall_filter_export(void *filter, GBytes **ret_program, GError **error);

/* The filter used where no profile is installed: every system call that libseccomp knows, without
 * those that reach the host or other containers; unknown ones give ENOSYS. */
bool syscall_filter_compile_builtin(
                uint64_t bounding_capabilities, GBytes **ret_program, GError **error);
