/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "generator/quadlet.h"

/* What every generated service has in common. The unit under construction is quadlet->unit. */

/* Copies the file into quadlet->unit: dependencies translated, network wait, SourcePath=, sections
 * of ours renamed to X-. */
void service_begin(Quadlet *quadlet);

/* Short forms for the service under construction. */
void service_add(Quadlet *quadlet, const char *section, const char *key, const char *value);
void service_default(Quadlet *quadlet, const char *section, const char *key, const char *value);

/* Adds KEY=<line of our program> to [Service]. */
void service_add_command(Quadlet *quadlet, const char *key, const GString *command, bool may_fail);

/* "Requires=" and "After=" on another service. */
void service_require(Quadlet *quadlet, const char *service);

/* RequiresMountsFor=path, quoted when it has to be. */
void service_require_mounts(Quadlet *quadlet, const char *path);

/* .container and .kube: KillMode=, Type=, NotifyAccess=, Environment=. Returns false for a oneshot.
 */
bool service_notify_type(Quadlet *quadlet);

/* .volume, .network, .image, .artifact, .build: Type=oneshot and friends. */
void service_oneshot(Quadlet *quadlet, bool remain_after_exit);

/* The file name of a unit beside the service: "-health", ".timer" -> "web-health.timer",
 * "web-health@.timer". Caller frees. */
char *service_sibling(const Quadlet *quadlet, const char *infix, const char *suffix);

/* Such a unit, with what says where it comes from. Caller frees. */
UnitFile *service_companion(const Quadlet *quadlet, const char *what);
