/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "oci/spec.h"

/* Hooks of the runtime configuration (config.md, "POSIX-platform Hooks"): programs that get the
 * container's state as JSON on their standard input. */

typedef struct HookRequest {
        const OciSpec *spec;
        OciHookKind kind;
        const char *state; /* JSON */
        int pid_fd;        /* run in the namespaces of this process; -1: in our own */
        int namespaces;    /* CLONE_NEW* of it */
} HookRequest;

bool hooks_exist(const OciSpec *spec, OciHookKind kind);

/* One after the other; the first that fails or runs out of time ends it. */
bool hooks_run(const HookRequest *request, GError **error);
