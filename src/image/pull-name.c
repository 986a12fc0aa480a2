/* SPDX-License-Identifier: Apache-2.0 */
/* From a name to a source: short names, mirrors, the registry itself. */
#include "image/pull-name.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

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
        g_autoptr(GPtrArray) names = registries_conf_candidates(
                        conf, text, isatty(STDIN_FILENO) && isatty(STDERR_FILENO), error);
        if (!names)
                return false;
        g_autoptr(GString) failures = g_string_new(NULL);
        for (guint i = 0; i < names->len; i++) {
                g_autoptr(GError) inner = NULL;
                Wanted wanted = { store, settings, ret_id };
                if (pull_from_endpoints(
                                    conf, names->pdata[i], settings, pull_to_store, &wanted,
                                    &inner))
                        return true;
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
