/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"

/* Our standard input and terminal on those of a container that runs without a client, whose ends
 * the relay holds. */

typedef struct AttachInput {
        int input_fd; /* owned by the session; -1: nobody holds the container's input */
        int show_fd;  /* what a terminal shows */
        char *relay_path;
        char *container_id;
} AttachInput;

void attach_input_clear(AttachInput *input);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AttachInput, attach_input_clear)

/* True with input_fd -1 when there is nothing to write to. */
bool attach_input_open(
                Runtime *runtime,
                const ContainerRecord *record,
                AttachInput *ret_input,
                GError **error);

/* "ctrl-p,ctrl-q", "a,ctrl-b", ""; *ret_keys is owned. */
bool attach_parse_keys(const char *text, char **ret_keys, GError **error);

/* A terminal: copies both ways until it ends or the keys are pressed, which *ret_detached tells.
 * keys: NULL or "": none. */
bool attach_terminal(
                AttachInput *input,
                const char *keys,
                bool with_stdin,
                bool *ret_detached,
                GError **error);

/* A pipe: copies our input in a thread of its own, to its end. The session stays with the thread.
 */
void attach_pump_input(AttachInput *input);

typedef struct AttachOptions {
        bool no_stdin;     /* ours is not the container's */
        char *detach_keys; /* NULL: ctrl-p,ctrl-q */
        int sig_proxy;     /* 0: our signals are ours; else they go on to the container */
} AttachOptions;

/* Until the container ends or the keys are pressed; *ret_code is its exit status. */
bool attach_running(
                Runtime *runtime,
                const ContainerRecord *record,
                const AttachOptions *options,
                int *ret_code,
                GError **error);
