/* SPDX-License-Identifier: Apache-2.0 */
/* Images from archives and directories. */
#include "cli/transport-pull.h"

#include <stdlib.h>
#include <string.h>

#include "image/trust.h"

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

/* Directories are matched by their real path; the others only by their transport. */
static char *policy_identity(const char *source) {
        const char *path = strchr(source, ':') + 1;
        if (!g_str_has_prefix(source, "oci:") && !g_str_has_prefix(source, "dir:") &&
            !g_str_has_prefix(source, "oci-archive:"))
                return NULL;
        g_autofree char *bare = g_strndup(path, strcspn(path, ":"));
        g_autofree char *real = realpath(bare, NULL);
        return g_strdup(real ? real : bare);
}

bool transport_pull(
                Store *store,
                const LocalImage *image,
                const char *fallback,
                const Policy *policy,
                bool quiet,
                char ***ret_names,
                char **ret_id,
                GError **error) {
        g_auto(GStrv) names = stored_names(image, fallback);
        g_autofree char *transport =
                        g_strndup(image->source->name, strcspn(image->source->name, ":"));
        g_autofree char *identity = policy_identity(image->source->name);
        TrustContext trust = {
                .policy = policy,
                .transport = transport,
                .identity = identity,
        };
        g_autoptr(OciReference) name = names[0] ? oci_reference_parse(names[0], NULL) : NULL;
        trust.name = name;
        PullOptions options = {
                .names = (const char *const *) names,
                .what = image->source->name,
                .quiet = quiet,
                .verify = trust_verify,
                .verify_data = &trust,
        };
        if (!pull_image(store, image->source, &options, ret_id, error)) {
                g_prefix_error(error, "Cannot load '%s': ", image->source->name);
                return false;
        }
        *ret_names = g_steal_pointer(&names);
        return true;
}
