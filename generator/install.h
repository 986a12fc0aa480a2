/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "generator/quadlet.h"

/* [Install]: the links that `systemctl enable` would make, relative to the output folder. */

typedef struct InstallLink {
        char *path;   /* "multi-user.target.wants/web.service" */
        char *target; /* "../web.service" */
} InstallLink;

/* Caller unrefs; the array owns the links. */
GPtrArray *install_links(Quadlet *quadlet);

void install_link_free(gpointer data);
