/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "systemd/unit-property.h"

/* Calls to the service manager over its private socket (/run/systemd/private, or the user
 * manager's), so that no bus daemon is needed: org.freedesktop.systemd1(5). */

typedef struct Bus Bus;

/* Our own manager: the system's for root, else the user's. */
Bus *bus_open(GError **error);
void bus_free(Bus *bus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bus, bus_free)

/* Starts a unit that exists until it stops, and waits for the start job. The error names the unit
 * and the job's result. */
bool bus_start_transient(
                Bus *bus, const char *unit, const UnitProperties *properties, GError **error);

/* Starts a timer and makes the service that it triggers; both go when the timer stops. A timer of
 * that name that is there already is left as it is. */
bool bus_start_transient_timer(
                Bus *bus,
                const char *timer,
                const UnitProperties *timer_properties,
                const char *service,
                const UnitProperties *service_properties,
                GError **error);

/* Changes properties of a loaded unit until it stops or the host boots. */
bool bus_set_properties(
                Bus *bus, const char *unit, const UnitProperties *properties, GError **error);

/* The cgroup freezer, systemd.kill(5) apart: no process of the unit runs until it is thawed. */
bool bus_freeze_unit(Bus *bus, const char *unit, bool freeze, GError **error);

/* Starts a unit and waits for the job. */
bool bus_start_unit(Bus *bus, const char *unit, GError **error);
/* The same without waiting. */
bool bus_start_unit_begin(Bus *bus, const char *unit, GError **error);
bool bus_restart_unit(Bus *bus, const char *unit, GError **error);

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

/* "start", "stop", "restart", …: what the manager has in hand for a unit. NULL without error:
 * nothing. Caller frees. */
char *bus_get_job_type(Bus *bus, const char *unit, GError **error);
bool bus_get_unit_int(
                Bus *bus,
                const char *unit,
                const char *interface,
                const char *name,
                int *ret_value,
                GError **error);
