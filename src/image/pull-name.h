/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config/policy.h"
#include "config/registries-conf.h"
#include "image/pull.h"
#include "image/registry.h"
#include "image/trust.h"

/* Pulls what a user wrote: a name with or without registry, through registries.conf. */

typedef struct PullSettings {
        RegistryOptions registry;
        const char *registries_conf; /* --registries-conf, or NULL */
        const Policy *policy;        /* borrowed */
        const OciPlatformWish *platform;
        bool quiet;
} PullSettings;

/* One place that has a name, on its way: source is that place, stored the name that is kept. */
typedef bool (*PullAct)(
                ImageSource *source,
                const char *stored,
                TrustContext *trust,
                void *data,
                GError **error);

/* Calls act for the mirrors of a full name and then for its registry, until one works or what is
 * wrong would be wrong everywhere. */
bool pull_from_endpoints(
                const RegistriesConf *conf,
                const OciReference *name,
                const PullSettings *settings,
                PullAct act,
                void *data,
                GError **error);

/* *ret_id: the image's id. Names that may stand for several registries are tried in order, and of
 * each registry its mirrors first. */
bool pull_by_name(
                Store *store,
                const char *text,
                const PullSettings *settings,
                char **ret_id,
                GError **error);

/* The full names (char *, owned) of all tags of a repository, which is named without one. */
GPtrArray *pull_all_tags(const char *text, const PullSettings *settings, GError **error);
