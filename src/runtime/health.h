/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "oci/image-config.h"
#include "runtime/container.h"

/* Health checks: what is run, when, and what comes of it. The configuration is in the container's
 * record, the state in RUN/containers/<id>/health.json. */

typedef struct HealthCheck {
        char **test; /* what is executed inside; NULL: none */
        uint64_t interval_usec, timeout_usec;
        int64_t retries; /* a startup check's: failures until the container is restarted */
} HealthCheck;

typedef enum HealthAction {
        HEALTH_ACTION_NONE,
        HEALTH_ACTION_KILL,
        HEALTH_ACTION_RESTART,
        HEALTH_ACTION_STOP,
} HealthAction;

typedef struct HealthConfig {
        HealthCheck check, startup;
        uint64_t start_period_usec;
        int64_t startup_successes; /* until the check proper begins */
        HealthAction action;
        char *log_folder; /* NULL: in the state */
        int64_t log_count, log_size;
} HealthConfig;

void health_config_free(HealthConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HealthConfig, health_config_free)

/* From flags and image (may be NULL) to record->health; leaves it NULL where nothing is checked. */
bool health_describe(
                const ContainerOptions *options,
                const OciImageConfig *image,
                ContainerRecord *record,
                GError **error);

/* Where nothing is given: no test. */
HealthConfig *health_config_default(void);

/* `update`: the flags that are given change record->health. */
bool health_change(const ContainerOptions *options, ContainerRecord *record, GError **error);

/* NULL without an error when the container has no check. */
HealthConfig *health_config(const ContainerRecord *record, GError **error);
const char *health_action_to_text(HealthAction action);

typedef enum HealthStatus {
        HEALTH_STARTING,
        HEALTH_HEALTHY,
        HEALTH_UNHEALTHY,
} HealthStatus;

const char *health_status_to_text(HealthStatus status);

/* What the checks of this run of the container came to. */
typedef struct HealthState {
        HealthStatus status;
        int64_t failing_streak;
        int64_t startup_successes, startup_failures;
        bool startup_done;
        bool ready;        /* the manager was told READY=1 */
        int64_t last_usec; /* CLOCK_REALTIME when the last check began; 0: none yet */
        JsonArray *log;    /* of {Start, End, ExitCode, Output}, oldest first; owned */
} HealthState;

void health_state_clear(HealthState *state);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HealthState, health_state_clear)

/* Begins anew ("starting") with each run of the container; the log stays. */
bool health_state_load(
                Records *records,
                const ContainerRecord *record,
                HealthState *ret_state,
                GError **error);
bool health_state_save(
                Records *records,
                const ContainerRecord *record,
                const HealthConfig *config,
                const HealthState *state,
                GError **error);

/* Held while a check runs: two at once would count one failure twice. Owned; -1 with an error. */
int health_state_lock(Records *records, const ContainerRecord *record, GError **error);

/* {Status, FailingStreak, Log} as podman-inspect(1) shows it. */
JsonObject *health_state_json(const HealthState *state);

typedef struct HealthResult {
        bool passed;
        bool startup; /* it was the startup check that ran */
        bool skipped; /* not due yet */
        HealthState state;
} HealthResult;

/* Runs the check and notes the result, acts on it and tells the unit: READY=1 with the first
 * success where --sdnotify=healthy holds it back, WATCHDOG=1 with every one. When only_due is set,
 * a check that ran less than its interval ago is not run again (the timer may come more often
 * because of the startup check). */
bool health_run(Runtime *runtime,
                ContainerRecord *record,
                bool only_due,
                HealthResult *ret_result,
                GError **error);

/* Sends an sd_notify(3) text on behalf of the container's unit, whoever we are. Nothing is sent for
 * a container without a service. */
bool health_notify(const ContainerRecord *record, const char *text, GError **error);
