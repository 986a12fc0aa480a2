/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Exit statuses, as podman-run(1) has them; the payload's own pass through. */
typedef enum ExitStatus {
        EXIT_STATUS_OK = 0,
        EXIT_STATUS_FALSE = 1,       /* "exists" says no, lint has findings */
        EXIT_STATUS_ERROR = 125,     /* berth itself failed */
        EXIT_STATUS_NOT_EXEC = 126,  /* the command cannot be invoked */
        EXIT_STATUS_NOT_FOUND = 127, /* the command cannot be found */
        EXIT_STATUS_NO_SESSION = 255 /* exec: the container does not run */
} ExitStatus;
