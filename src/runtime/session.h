/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "runtime/launch.h"

/* What stands between our terminal or streams and a process of a container, for run and exec. */

typedef struct SessionRequest {
        uid_t uid; /* the payload's, who may reopen /dev/stdout */
        gid_t gid;
        bool terminal;
        bool interactive;
        bool hides_output; /* stdout, stderr are not ours: they go to the journal alone */
        bool hides_errors;
        bool keeps_signals;     /* ours do not go on to the payload */
        uint64_t timeout_usec;  /* SIGKILL then, and exit status 255; 0: never */
        int output_fd;          /* both streams go there; borrowed; 0: to ours */
        int log_fd;             /* lines go there instead of to the journal; borrowed; <= 0: none */
        const char *log_fields; /* relay_fields(); NULL: nothing goes to the journal */
} SessionRequest;

typedef struct Session Session;

/* Opens pipes and takes over our signals. */
Session *session_new(const SessionRequest *request, GError **error);
void session_free(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

/* The descriptors for the child, borrowed. */
void session_stdio(const Session *session, int ret_stdio[3]);

/* The child has its descriptors: ours of them are closed. launch is borrowed until the session
 * ends. */
void session_started(Session *session, Launch *launch);

/* Copies until the process is gone; *ret_status as a shell sees it. */
bool session_run(Session *session, int *ret_status, GError **error);

/* Only reaps it. */
bool session_wait(const Session *session, int *ret_status, GError **error);
