/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"

/* Starts a created container as "berth-NAME.service", containers that it requires first, and waits
 * until it runs. */
bool transient_start(Runtime *runtime, ContainerRecord *record, GError **error);

/* This very program, with the global flags that we were given, and then words. Caller frees with
 * g_strfreev(). */
char **transient_own_command(const char *const *words);

/* Whether --restart makes sense. */
bool transient_check_restart(const char *policy, GError **error);
