/* SPDX-License-Identifier: Apache-2.0 */
/* From a name to a source: short names, mirrors, the registry itself. */
#include "image/pull-name.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "config/registries-conf.h"
#include "image/trust.h"

static bool
pull_from(Store *store,
          const OciReference *name,
          const RegistryEndpoint *endpoint,
          const PullSettings *settings,
          char **ret_id,
          GError **error) {
        Registry *registry = registry_new(
                        endpoint->reference, endpoint->insecure, &settings->registry, error);
        if (!registry)
                return false;
        g_autoptr(ImageSource) source = registry_source_new(registry, name);
        g_autofree char *stored = oci_reference_format_stored(name);
        const char *const names[] = { stored, NULL };
        TrustContext trust = {
                .policy = settings->policy,
                .transport = "docker",
                .identity = stored,
                .name = name,
        };
        PullOptions options = {
                .platform = settings->platform,
                .names = names,
                .what = source->name + strlen("docker://"),
                .quiet = settings->quiet,
                .verify = trust_verify,
                .verify_data = &trust,
        };
        if (pull_image(store, source, &options, ret_id, error))
                return true;
        g_prefix_error(error, "Cannot pull '%s': ", source->name);
        return false;
}

/* A failure of a mirror is no failure as long as another place is left. */
static bool
pull_reference(Store *store,
               const RegistriesConf *conf,
               const OciReference *name,
               const PullSettings *settings,
               char **ret_id,
               GError **error) {
        g_autoptr(GPtrArray) endpoints = registries_conf_endpoints(conf, name, error);
        if (!endpoints)
                return false;
        for (guint i = 0;; i++) {
                g_autoptr(GError) inner = NULL;
                if (pull_from(store, name, endpoints->pdata[i], settings, ret_id, &inner))
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
                if (pull_reference(store, conf, names->pdata[i], settings, ret_id, &inner))
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
