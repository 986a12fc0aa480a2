/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "generator/quadlet.h"

/* Unit file -> service. Each unit type has one function that fills quadlet->unit. */

/* Converts once; units that others refer to are converted on the way. False when the unit has
 * errors. A unit under conversion counts as good: the caller looks at its state first. */
bool quadlet_convert(Quadlet *quadlet);

/* Whether no value of the unit can name another unit file: then converting it touches nothing else,
 * and may happen at the same time as others. May be false without need. */
bool quadlet_is_independent(const Quadlet *quadlet);

void container_convert(Quadlet *quadlet);
void pod_convert(Quadlet *quadlet);
void volume_convert(Quadlet *quadlet);
void network_convert(Quadlet *quadlet);
void image_convert(Quadlet *quadlet);
void build_convert(Quadlet *quadlet);
void kube_convert(Quadlet *quadlet);
void artifact_convert(Quadlet *quadlet);
