/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

#include "systemd/bus.h"

/* For the files that read more than bus.c offers. */

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sd_bus_error, sd_bus_error_free)

sd_bus *bus_handle(Bus *bus); /* borrowed */
