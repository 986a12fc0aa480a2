/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/record.h"

/* How the main process of a container's unit ended, as a shell would see it. */

/* In ExecStopPost=, systemd.exec(5): false where the manager has not told. */
bool service_result_from_environment(int *ret_code);

/* What the manager says of it; false where it knows nothing. */
bool service_result_of_unit(const ContainerRecord *record, int *ret_code);
