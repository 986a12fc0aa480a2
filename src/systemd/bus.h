/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Calls to the service manager over its private socket (/run/systemd/private, or the user
 * manager's), so that no bus daemon is needed: org.freedesktop.systemd1(5). */

typedef struct Bus Bus;

/* Our own manager: the system's for root, else the user's. */
Bus *bus_open(GError **error);
void bus_free(Bus *bus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bus, bus_free)

typedef struct TransientService {
        const char *unit; /* "berth-web.service" */
        const char *description;
        const char *const *exec_start; /* argv, NULL-terminated, absolute argv[0] */
        const char *const *exec_stop_post;
        const char *restart; /* "no", "on-failure", "always" */
        const char *syslog_identifier;
        int kill_signal;
        uint64_t timeout_stop_usec;
        uint64_t memory_max; /* bytes; UINT64_MAX: none */
        uint64_t tasks_max;
} TransientService;

/* Starts a service that exists until it stops, and waits for the start job. The error names the
 * unit and the job's result. */
bool bus_start_transient(Bus *bus, const TransientService *service, GError **error);

/* A property with an unsigned value ("MemoryMax", "t"), or, with text, a string ("Slice"). */
typedef struct BusProperty {
        const char *name;
        uint64_t number;
        const char *text; /* NULL: the number counts */
} BusProperty;

/* A transient scope around a process that exists, with Delegate=yes. */
typedef struct TransientScope {
        const char *unit; /* "prefix-name.scope" */
        const char *slice;
        const char *description;
        pid_t pid;
        const BusProperty *properties;
        size_t n_properties;
} TransientScope;
bool bus_start_scope(Bus *bus, const TransientScope *scope, GError **error);

/* systemctl set-property --runtime */
bool bus_set_properties(
                Bus *bus,
                const char *unit,
                const BusProperty *properties,
                size_t n_properties,
                GError **error);

/* Starts a unit and waits for the job. */
bool bus_start_unit(Bus *bus, const char *unit, GError **error);

/* Stopping in two steps, so that the caller may hurry the payload in between. Caller frees the job.
 */
bool bus_stop_unit_begin(Bus *bus, const char *unit, char **ret_job, GError **error);
bool bus_stop_unit_wait(Bus *bus, const char *unit, const char *job, GError **error);

/* Moves our own process into a cgroup below a unit's ("/exec-1", which exists); the user's manager
 * may ask the system's for it. */
bool bus_attach_self(Bus *bus, const char *unit, const char *sub_cgroup, GError **error);

bool bus_reset_failed_unit(Bus *bus, const char *unit, GError **error);
bool bus_reload(Bus *bus, GError **error);

/* One property of a loaded unit; interface "Unit" or "Service". Caller frees. */
char *bus_get_unit_string(
                Bus *bus,
                const char *unit,
                const char *interface,
                const char *name,
                GError **error);
bool bus_get_unit_int(
                Bus *bus,
                const char *unit,
                const char *interface,
                const char *name,
                int *ret_value,
                GError **error);
