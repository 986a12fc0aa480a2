/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "generator/quadlet.h"

/* HealthCmd= and its family as units of systemd: a timer that runs the check beside the container's
 * service. */
typedef struct HealthUnits {
        char *timer_name; /* "web-health.timer" */
        char *service_name;
        UnitFile *timer;
        UnitFile *service;
} HealthUnits;

void health_units_clear(HealthUnits *units);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HealthUnits, health_units_clear)

/* False when the quadlet asks for no check. */
bool health_units_make(Quadlet *quadlet, HealthUnits *ret_units);
