/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/options.h"
#include "runtime/options.h"

/* The flags of `run` and `create`: one table over ContainerOptions, podman-run(1). */
extern const OptionRow container_flag_rows[];
