/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "generator/quadlet.h"

/* Keys of a container that are properties of its unit, too: Memory= -> MemoryMax= and so on, so
 * that systemctl shows and changes them. What the user wrote in [Service] stays. */
void container_properties(Quadlet *quadlet);

/* TimeoutStopSec= with room for the stop command itself. */
void stop_timeout_property(Quadlet *quadlet, const char *seconds);
