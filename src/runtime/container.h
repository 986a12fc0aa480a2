/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "runtime/options.h"
#include "runtime/record.h"
#include "store/store.h"

/* A container's life: create (files only), run (its process), stop, remove. */

typedef struct Runtime {
        Store *store;
        Records *records;
        struct RootlessNetwork *rootless_network; /* runtime/rootless-network.h; or NULL */
        struct Networks *networks;                /* opened when first needed, runtime_networks() */
        const char *network_config_dir;           /* --network-config-dir, borrowed, or NULL */
        struct Events *events;                    /* made with the first event, runtime/event.h */
        const char *events_backend;               /* --events-backend, borrowed, or NULL */
} Runtime;

/* Opens the image store and the records. graph_root, run_root: from --root and --runroot, or NULL.
 */
bool runtime_open(
                const char *graph_root, const char *run_root, Runtime *ret_runtime, GError **error);
void runtime_clear(Runtime *runtime);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Runtime, runtime_clear)

/* A container that is described and not yet running. */
typedef struct Container {
        ContainerRecord *record;
        OciSpec *spec;
        int root_fd;             /* its root file system, a detached mount; -1: not mounted */
        int userns_fd;           /* with its id maps, for mounts; -1: none */
        GPtrArray *unit_filters; /* system call filters of its unit, of GBytes; or NULL */
} Container;

void container_clear(Container *container);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Container, container_clear)

/* [a-zA-Z0-9][a-zA-Z0-9_.-]*; a name is also a file name of ours. */
bool container_check_name(const char *name, GError **error);

/* From options to a claimed name, a configuration and a record. With options->replace a container
 * of that name is removed first. The image must be there. */
bool container_create(
                Runtime *runtime,
                const ContainerOptions *options,
                Container *ret_container,
                GError **error);

/* An existing container, ready to run again. */
bool container_load(Runtime *runtime, const char *name, Container *ret_container, GError **error);

/* Lets go of the mounted root: an upper directory serves one mount at a time. */
void container_forget_root(Container *container);

typedef enum ContainerNotify {
        CONTAINER_NOTIFY_STARTED,   /* READY=1 when the payload is about to run ("conmon") */
        CONTAINER_NOTIFY_CONTAINER, /* the payload says READY=1 through the filter */
        CONTAINER_NOTIFY_HEALTHY,   /* READY=1 with the first good health check */
        CONTAINER_NOTIFY_IGNORE,    /* as STARTED; what the payload says goes nowhere */
} ContainerNotify;

bool container_notify_from_text(const char *text, ContainerNotify *ret_notify, GError **error);

/* Runs it as the main process of our own unit: when this returns true the manager supervises the
 * payload and nothing of ours is needed any more. */
bool container_run_supervised(
                Runtime *runtime, Container *container, ContainerNotify notify, GError **error);

/* Runs it as our child, with our terminal or streams; *ret_status is what a shell would see. */
typedef struct ForegroundOptions {
        bool interactive; /* our stdin is the payload's */
        bool hides_output, hides_errors;
        bool keeps_signals;
        bool in_unit;                 /* our unit has the limits */
        unsigned int n_preserved_fds; /* 3, 4, … of ours are the payload's too */
} ForegroundOptions;
bool container_run_foreground(
                Runtime *runtime,
                Container *container,
                const ForegroundOptions *options,
                int *ret_status,
                GError **error);

/* One more process in a running container. Strings are borrowed; NULL: as the container has it. */
typedef struct ExecOptions {
        const char *const *command;
        const char *const *env; /* "K=V" or "K", NULL-terminated */
        const char *user;
        const char *workdir;
        bool privileged;
        bool terminal;
        bool interactive;
        bool detach;
        const char *session;          /* 64 hex digits that name its cgroup; NULL: any */
        unsigned int n_preserved_fds; /* 3, 4, … of ours are the command's too */
        int output_fd;                /* where both streams go, borrowed; 0: to ours */
        uint64_t timeout_usec;        /* SIGKILL then, and status 255; 0: never */
} ExecOptions;

/* Joins the container's namespaces and runs the command there, in a sub-cgroup beside the
 * payload's. With detach it returns once the command runs. */
bool container_exec(
                Runtime *runtime,
                const ContainerRecord *record,
                const ExecOptions *options,
                int *ret_status,
                GError **error);

/* Ends the payload: its stop signal, then SIGKILL after timeout_sec (-1: the container's own). One
 * that does not run is fine. */
bool container_stop(Runtime *runtime, ContainerRecord *record, int64_t timeout_sec, GError **error);

/* Freezes or thaws all processes of a running container. */
bool container_freeze(const ContainerRecord *record, bool freeze, GError **error);

/* After a stop: until whoever ran it has noted its end. NULL with RUNTIME_ERROR_NO_CONTAINER when
 * it removed itself. */
ContainerRecord *container_await_end(Runtime *runtime, const char *id, GError **error);

/* Stops and forgets; also its anonymous volumes when asked. */
bool container_remove(
                Runtime *runtime,
                ContainerRecord *record,
                bool force,
                bool volumes,
                int64_t timeout_sec,
                GError **error);

/* Notes how a container ended; removes it if it was --rm. For ExecStopPost= and the foreground. */
bool container_finish(Runtime *runtime, ContainerRecord *record, int exit_code, GError **error);
