/* SPDX-License-Identifier: Apache-2.0 */
/* Images from archives and directories. */
#include "cli/transport-pull.h"

#include <string.h>

static char **stored_names(const LocalImage *image, const char *fallback) {
        bool docker = g_str_has_prefix(image->source->name, "docker-");
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        bool any = false;
        for (char **name = image->names; *name; name++) {
                g_autofree char *full = transport_stored_name(*name, docker);
                if (full)
                        g_strv_builder_add(builder, full);
                any = any || full;
        }
        g_autofree char *full = !any && fallback ? transport_stored_name(fallback, false) : NULL;
        if (full)
                g_strv_builder_add(builder, full);
        return g_strv_builder_end(builder);
}

bool transport_pull(
                Store *store,
                const LocalImage *image,
                const char *fallback,
                const char *signature_policy,
                bool quiet,
                char ***ret_names,
                char **ret_id,
                GError **error) {
        g_auto(GStrv) names = stored_names(image, fallback);
        PullOptions options = {
                .names = (const char *const *) names,
                .what = image->source->name,
                .quiet = quiet,
        };
        if (!pull_image(store, image->source, &options, ret_id, error)) {
                g_prefix_error(error, "Cannot load '%s': ", image->source->name);
                return false;
        }
        *ret_names = g_steal_pointer(&names);
        return true;
}
