/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"

/* How a container ended whose process is gone, as a shell would see it: 0 when it was removed and
 * nobody knows. Waits for whoever notes it. */
bool container_exit_code_await(
                Runtime *runtime, const ContainerRecord *record, int *ret_code, GError **error);
