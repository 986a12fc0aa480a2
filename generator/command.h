/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "generator/quadlet.h"

/* Exec lines of ours: words behind the program, in Podman's spelling. */

/* A line that begins with the global flags (ContainersConfModule=, GlobalArgs=) and then the given
 * words, NULL-terminated. The array owns its words. */
GPtrArray *command_new(Quadlet *quadlet, ...) G_GNUC_NULL_TERMINATED;

/* Appends copies of words, NULL-terminated. */
void command_add(GPtrArray *command, ...) G_GNUC_NULL_TERMINATED;

/* Appends all keys of a group, as the table says. */
void command_add_group(GPtrArray *command, Quadlet *quadlet, KeyGroup group);

/* Appends all values of a key, each behind flag, or bare when flag is NULL. */
void command_add_values(GPtrArray *command, Quadlet *quadlet, const char *key, const char *flag);

/* The text behind "ExecStart=". may_fail puts systemd's '-' there. Caller frees. */
char *command_format(const QuadletSet *set, const GPtrArray *command, bool may_fail);
