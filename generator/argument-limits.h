/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "generator/quadlet.h"

/* The launcher, its child and a health check are in the unit's cgroup besides the payload. */
#define TASKS_MIN 8

/* Limits in PodmanArgs=, for which there are no keys: the same as unit properties, which is what
 * limits a container in a unit. */
void limit_arguments(Quadlet *quadlet);
