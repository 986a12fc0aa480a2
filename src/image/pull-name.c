/* SPDX-License-Identifier: Apache-2.0 */
/* From a name to a source: short names, mirrors, the registry itself. */
#include "image/pull-name.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "image/search.h"
#include "image/short-name.h"

#define TAGS_MAX 10000

static bool
pull_from(const OciReference *name,
          const RegistryEndpoint *endpoint,
          const PullSettings *settings,
          PullAct act,
          void *data,
          GError **error) {
        Registry *registry = registry_new(
                        endpoint->reference, endpoint->insecure, &settings->registry, error);
        if (!registry)
                return false;
        g_autoptr(ImageSource) source = registry_source_new(registry, name);
        g_autofree char *stored = oci_reference_format_stored(name);
        TrustContext trust = {
                .policy = settings->policy,
                .transport = "docker",
                .identity = stored,
                .name = name,
        };
        if (act(source, stored, &trust, data, error))
                return true;
        g_prefix_error(error, "Cannot pull '%s': ", source->name);
        return false;
}

/* A failure of a mirror is no failure as long as another place is left. */
bool pull_from_endpoints(
                const RegistriesConf *conf,
                const OciReference *name,
                const PullSettings *settings,
                PullAct act,
                void *data,
                GError **error) {
        g_autoptr(GPtrArray) endpoints = registries_conf_endpoints(conf, name, error);
        if (!endpoints)
                return false;
        for (guint i = 0;; i++) {
                g_autoptr(GError) inner = NULL;
                if (pull_from(name, endpoints->pdata[i], settings, act, data, &inner))
                        return true;
                /* What the policy refuses is refused wherever it comes from. */
                if (i + 1 == endpoints->len ||
                    g_error_matches(inner, IMAGE_ERROR, IMAGE_ERROR_UNTRUSTED) ||
                    g_error_matches(inner, IMAGE_ERROR, IMAGE_ERROR_CANCELLED)) {
                        g_propagate_error(error, g_steal_pointer(&inner));
                        return false;
                }
                log_notice("%s; trying the next place", inner->message);
        }
}

typedef struct Wanted {
        Store *store;
        const PullSettings *settings;
        char **ret_id;
} Wanted;

static bool
pull_to_store(ImageSource *source,
              const char *stored,
              TrustContext *trust,
              void *data,
              GError **error) {
        const Wanted *wanted = data;
        const char *const names[] = { stored, NULL };
        PullOptions options = {
                .platform = wanted->settings->platform,
                .names = names,
                .what = source->name + strlen("docker://"),
                .quiet = wanted->settings->quiet,
                .verify = trust_verify,
                .verify_data = trust,
        };
        return pull_image(wanted->store, source, &options, wanted->ret_id, error);
}

bool pull_by_name(
                Store *store,
                const char *text,
                const PullSettings *settings,
                char **ret_id,
                GError **error) {
        g_autoptr(RegistriesConf) conf = registries_conf_load(settings->registries_conf, error);
        if (!conf)
                return false;
        bool has_terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
        g_autoptr(GPtrArray) names = registries_conf_candidates(conf, text, has_terminal, error);
        if (!names)
                return false;
        bool asks = names->len > 1 && has_terminal && conf->mode != SHORT_NAME_DISABLED;
        if (asks && !short_name_ask(text, names, error))
                return false;
        g_autoptr(GString) failures = g_string_new(NULL);
        for (guint i = 0; i < names->len; i++) {
                g_autoptr(GError) inner = NULL;
                Wanted wanted = { store, settings, ret_id };
                if (pull_from_endpoints(
                                    conf, names->pdata[i], settings, pull_to_store, &wanted,
                                    &inner)) {
                        if (asks && !short_name_record(text, names->pdata[i], &inner))
                                log_warning("%s, ignoring", inner->message);
                        return true;
                }
                if (names->len == 1) {
                        g_propagate_error(error, g_steal_pointer(&inner));
                        return false;
                }
                g_string_append_printf(failures, "\n\t* %s", inner->message);
        }
        return error_set(
                        error, IMAGE_ERROR, IMAGE_ERROR_NOT_FOUND,
                        "%u errors occurred while pulling:%s", names->len, failures->str);
}

/* Of the registry itself: a mirror need not have all. */
static GPtrArray *
tags_of(const RegistriesConf *conf,
        const OciReference *name,
        const PullSettings *settings,
        GError **error) {
        g_autoptr(GPtrArray) endpoints = registries_conf_endpoints(conf, name, error);
        if (!endpoints)
                return NULL;
        const RegistryEndpoint *endpoint = endpoints->pdata[endpoints->len - 1];
        g_autoptr(Registry) registry = registry_new(
                        endpoint->reference, endpoint->insecure, &settings->registry, error);
        g_autoptr(GPtrArray) tags = registry ? search_tags(registry, TAGS_MAX, error) : NULL;
        if (!tags)
                return NULL;
        g_autofree char *repository = oci_reference_format_repository(name);
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < tags->len; i++) {
                if (!oci_tag_is_valid(tags->pdata[i])) {
                        g_autofree char *tag = text_sanitize(tags->pdata[i]);
                        error_set_invalid(error, "'%s' has the invalid tag '%s'", repository, tag);
                        return NULL;
                }
                g_ptr_array_add(names, g_strconcat(repository, ":", tags->pdata[i], NULL));
        }
        return g_steal_pointer(&names);
}

GPtrArray *pull_all_tags(const char *text, const PullSettings *settings, GError **error) {
        g_autoptr(OciReference) given = oci_reference_parse(text, error);
        if (!given)
                return NULL;
        if (given->tag || given->digest) {
                error_set_invalid(error, "tag can't be used with --all-tags: '%s'", text);
                return NULL;
        }
        g_autoptr(RegistriesConf) conf = registries_conf_load(settings->registries_conf, error);
        g_autoptr(GPtrArray) candidates =
                        conf ? registries_conf_candidates(conf, text, false, error) : NULL;
        g_autoptr(GError) first = NULL;
        for (guint i = 0; candidates && i < candidates->len; i++) {
                GPtrArray *names = tags_of(
                                conf, candidates->pdata[i], settings, first ? NULL : &first);
                if (names)
                        return names;
        }
        if (first)
                g_propagate_error(error, g_steal_pointer(&first));
        return NULL;
}
