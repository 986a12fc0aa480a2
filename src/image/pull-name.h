/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config/policy.h"
#include "image/pull.h"
#include "image/registry.h"

/* Pulls what a user wrote: a name with or without registry, through registries.conf. */

typedef struct PullSettings {
        RegistryOptions registry;
        const char *registries_conf; /* --registries-conf, or NULL */
        const Policy *policy;        /* borrowed */
        const OciPlatformWish *platform;
        bool quiet;
} PullSettings;

/* *ret_id: the image's id. Names that may stand for several registries are tried in order, and of
 * each registry its mirrors first. */
bool pull_by_name(
                Store *store,
                const char *text,
                const PullSettings *settings,
                char **ret_id,
                GError **error);
