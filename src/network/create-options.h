/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "network/network.h"

/* --opt KEY=VALUE by driver: checked, Docker's spellings turned into Podman's. */
bool network_set_option(Network *network, const char *text, GError **error);
