/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "oci/spec.h"

/* What is known of a container, as files; there is no database. RUN is on a tmpfs and is all that a
 * container with --rm has; one that outlives its process is kept under DATA too and comes back
 * after a boot.
 *
 *   RUN/containers/<id>/{record.json,config.json,hosts,…}   RUN/names/<name> -> <id>
 *   DATA/containers/<id>/{record.json,config.json,upper,work}
 *   DATA/volatile/<id>/{upper,work}                          of --rm containers; emptied at boot
 *
 * The link in RUN/names is the claim on a name: symlink(2) decides a race, and a claim whose
 * container is gone is taken over. */

typedef enum ContainerStatus {
        CONTAINER_CREATED,
        CONTAINER_RUNNING,
        CONTAINER_EXITED,
} ContainerStatus;

typedef struct ContainerRecord {
        char *id;
        char *name;
        char *image;    /* as asked for; NULL with --rootfs */
        char *image_id; /* NULL with --rootfs */
        char **command; /* what `ps` shows */
        char *unit;     /* systemd unit, or NULL */
        char *cgroup;   /* path of the payload's cgroup below the cgroup mount, or NULL */
        char *network;  /* the mode: "bridge", "none", "host", "container:ID", … */
        JsonNode *network_request; /* network/request.h */
        JsonNode *network_status;  /* network/status.h, while it runs; or NULL */
        char *log_driver;
        char *pid_file, *conmon_pid_file; /* absolute, or NULL: written at each start */
        char *log_tag;
        char *log_path;       /* --log-opt path=, or NULL */
        int64_t log_size_max; /* --log-opt max-size=, or 0 */
        char *filter_path;    /* compiled system call filter, or NULL */
        char **anonymous_volumes;
        GHashTable *labels;      /* name -> value; may be NULL */
        JsonNode *health;        /* health.h; NULL: nothing is checked */
        char **secret_variables; /* "VARIABLE=secret"; the values are read at each start */
        char *create_command;    /* JSON array of argv, informative */
        pid_t pid;
        uint64_t pid_start_ticks; /* /proc/PID/stat field 22: with the pid it names one process for
                                     ever */
        int64_t created_nsec, started_nsec, finished_nsec;
        int stop_signal;
        int64_t stop_timeout_sec;
        char *restart;       /* policy as given, or NULL */
        char *sdnotify;      /* mode as given, or NULL */
        char *slice;         /* of its transient service, or NULL */
        char *pod;           /* id of its pod, or NULL */
        char **requires;     /* ids of containers that are started first */
        int64_t timeout_sec; /* that it may run; 0: for ever */
        bool remove;
        bool remove_image; /* with the container */
        bool tty;
        bool interactive;    /* -i: its standard input is held open */
        bool initialized;    /* `berth init` prepared it, and it was not started since */
        int64_t mount_count; /* of `berth mount`; a boot undoes them */
        bool has_exit_code;
        bool oom_killed; /* some process of it, by the kernel */
        int exit_code;
} ContainerRecord;

#define RUNTIME_ERROR runtime_error_quark()
GQuark runtime_error_quark(void);
typedef enum RuntimeError {
        RUNTIME_ERROR_NO_CONTAINER,
        RUNTIME_ERROR_AMBIGUOUS,
        RUNTIME_ERROR_NAME_IN_USE,
        RUNTIME_ERROR_STATE,     /* not running, or running */
        RUNTIME_ERROR_NOT_EXEC,  /* exit status 126 */
        RUNTIME_ERROR_NOT_FOUND, /* exit status 127 */
} RuntimeError;

typedef struct Records Records;

/* run_dir: "/run/berth"; data_dir: below the graph root. Made (0700) when absent. */
Records *records_open(const char *run_dir, const char *data_dir, GError **error);
void records_free(Records *records);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Records, records_free)

const char *records_run_dir(const Records *records);
const char *records_data_dir(const Records *records);

ContainerRecord *record_new(void);
void record_free(ContainerRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ContainerRecord, record_free)

/* RUN/containers/<id>, and the directory that has upper and work. Caller frees. */
char *record_run_path(const Records *records, const ContainerRecord *record);
char *record_data_path(const Records *records, const ContainerRecord *record);

/* The service that `run -d`, `start` make for a container that no unit file describes. Caller
 * frees.
 */
char *record_transient_unit(const ContainerRecord *record);

/* Makes both directories and takes the name. RUNTIME_ERROR_NAME_IN_USE names the holder. */
bool record_claim(Records *records, const ContainerRecord *record, GError **error);

/* Gives it another name; the unit that it runs in keeps its own. */
bool record_rename(Records *records, ContainerRecord *record, const char *name, GError **error);

/* Who has the name and no record yet is being created, or was killed while it was: gives it two
 * seconds, then takes away what it left. */
bool record_forget_unfinished(Records *records, const char *name, GError **error);

/* All that launchers left which were killed a while ago. */
bool record_forget_abandoned(Records *records, GError **error);

bool record_save(Records *records, const ContainerRecord *record, GError **error);
bool record_save_spec(
                Records *records,
                const ContainerRecord *record,
                const OciSpec *spec,
                GError **error);
OciSpec *record_load_spec(Records *records, const ContainerRecord *record, GError **error);

/* By name, id or unique id prefix. RUNTIME_ERROR_NO_CONTAINER. */
ContainerRecord *record_find(Records *records, const char *name, GError **error);

/* All containers, oldest first; damaged records are left out. Element type ContainerRecord, owned.
 */
GPtrArray *record_list(Records *records, GError **error);

/* Forgets a container that does not run: name, files, writable layer. */
bool record_remove(Records *records, const ContainerRecord *record, GError **error);

/* From the process table, not from memory. */
ContainerStatus record_status(const ContainerRecord *record);

/* Whether its processes are frozen, cgroups(7). */
bool record_is_paused(const ContainerRecord *record);

/* A pidfd of the container's first process; -1 when it does not run. Owned. */
int record_open_pidfd(const ContainerRecord *record);

/* Sets pid and its start time from /proc. */
bool record_set_pid(ContainerRecord *record, pid_t pid, GError **error);
