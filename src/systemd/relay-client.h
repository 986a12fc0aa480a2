/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Hands the read ends of a container's output, or its terminal, and perhaps the file for its lines
 * (log driver k8s-file) to the log relay (berth-relay, one per manager). The
 * relay answers when it has them in the manager's fd store: from then on nothing of ours is needed.
 * fields: see log-line.h. socket_path: RUN/relay.sock. ENOENT and ECONNREFUSED mean that no relay
 * is there. */
bool relay_attach(
                const char *socket_path,
                const char *fields,
                const int *fds,
                size_t n_fds,
                GError **error);

/* A copy of the descriptor to write a container's standard input to: its terminal's master or a
 * pipe's end; show_fd, a pipe's write end, gets what a terminal shows from now on. ENOENT: it has
 * no input that anybody holds. *ret_fd is owned. */
bool relay_attach_client(
                const char *socket_path,
                const char *container_id,
                int show_fd,
                int *ret_fd,
                GError **error);

/* The end of a container's standard input that is no terminal. */
bool relay_close_input(const char *socket_path, const char *container_id, GError **error);

/* "CONTAINER_NAME=…\n…" for a container; unit NULL outside a unit. Caller frees. */
char *
relay_fields(const char *id,
             const char *name,
             const char *tag,
             const char *image,
             const char *unit);
