/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"

/* The timer of a container's health check, for containers whose unit has none from the generator:
 * made on the command line, or with a check that only the image knows of. */

/* in_unit: the container's service is us, and the timer ends with it. Nothing without a check. */
bool health_timer_start(const ContainerRecord *record, bool in_unit, GError **error);

/* Of a running container whose check has changed. A timer of the generator stays as it is. */
bool health_timer_renew(const ContainerRecord *record, GError **error);

/* After the end of a container; its timer may be gone already. */
void health_timer_stop(const char *container_id);
