/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"

/* A record with all that flags alone decide; image, command and network come later. NULL on error.
 */
ContainerRecord *new_record(Runtime *runtime, const ContainerOptions *options, GError **error);
