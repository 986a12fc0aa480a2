/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "generator/quadlet.h"

/* The service of a file that cannot be used: it fails at start and says why, so that `systemctl
 * status` shows what is wrong where the user looks. Caller frees. */
UnitFile *loud_unit(const Quadlet *quadlet);
