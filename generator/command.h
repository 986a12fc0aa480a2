/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "generator/quadlet.h"

/* Exec lines of ours, in Podman's spelling: text that holds the words behind the program, each
 * quoted, each with a blank before it. */

/* A line that begins with the global flags (ContainersConfModule=, GlobalArgs=) and then the given
 * words, NULL-terminated. */
GString *command_new(Quadlet *quadlet, ...) G_GNUC_NULL_TERMINATED;

/* Appends copies of words, NULL-terminated. */
void command_add(GString *command, ...) G_GNUC_NULL_TERMINATED;

/* Appends all keys of a group, as the table says. */
void command_add_group(GString *command, Quadlet *quadlet, KeyGroup group);

/* Appends all values of a key, each behind flag, or bare when flag is NULL. */
void command_add_values(GString *command, Quadlet *quadlet, const char *key, const char *flag);

/* The text behind "ExecStart=". may_fail puts systemd's '-' there. Caller frees. */
char *command_format(const QuadletSet *set, const GString *command, bool may_fail);
