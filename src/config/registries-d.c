/* SPDX-License-Identifier: Apache-2.0 */
/* registries.d. */
#include "config/registries-d.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/user.h"
#include "config/storage-conf.h"
#include "config/yaml-tree.h"

void signature_store_clear(SignatureStore *store) {
        g_clear_pointer(&store->lookaside, g_free);
}

/* All files as one: scope -> its mapping, "" for default-docker. */
typedef struct Scopes {
        GHashTable *table; /* owned key -> JsonObject (ref) */
} Scopes;

static bool add_scope(Scopes *scopes, const char *scope, JsonObject *entry, GError **error) {
        if (g_hash_table_contains(scopes->table, scope))
                return error_set_invalid(
                                error, "%s%s is configured twice",
                                *scope ? "scope " : "default-docker", scope);
        g_hash_table_insert(scopes->table, g_strdup(scope), json_object_ref(entry));
        return true;
}

static bool add_file(Scopes *scopes, const char *path, GError **error) {
        g_autoptr(JsonNode) root = NULL;
        JsonObject *fallback, *docker;
        if (!yaml_tree_load(path, &root, error))
                return false;
        if (!JSON_NODE_HOLDS_OBJECT(root))
                return error_set_invalid(error, "'%s' is not a mapping", path);
        JsonObject *object = json_node_get_object(root);
        bool ok = json_get_object(object, "default-docker", &fallback, error) &&
                  json_get_object(object, "docker", &docker, error) &&
                  (!fallback || add_scope(scopes, "", fallback, error));
        g_autoptr(GList) names = ok && docker ? json_object_get_members(docker) : NULL;
        for (GList *at = names; ok && at; at = at->next) {
                JsonObject *entry;
                ok = json_need_object(docker, at->data, &entry, error) &&
                     add_scope(scopes, at->data, entry, error);
        }
        if (!ok)
                g_prefix_error(error, "'%s': ", path);
        return ok;
}

static bool add_directory(Scopes *scopes, const char *path, GError **error) {
        GDir *dir = g_dir_open(path, 0, NULL);
        if (!dir)
                return true;
        bool ok = true;
        for (const char *name; ok && (name = g_dir_read_name(dir));) {
                g_autofree char *file = g_build_filename(path, name, NULL);
                ok = !g_str_has_suffix(name, ".yaml") || add_file(scopes, file, error);
        }
        g_dir_close(dir);
        return ok;
}

/* repo:tag, repo, its parents, the host, then the default. */
static JsonObject *choose(const Scopes *scopes, const OciReference *name) {
        g_autofree char *scope = oci_reference_format_stored(name);
        for (;;) {
                JsonObject *entry = g_hash_table_lookup(scopes->table, scope);
                if (entry)
                        return entry;
                char *slash = strrchr(scope, '/');
                char *cut = strpbrk(slash ? slash : scope, "@:");
                if (!slash)
                        return g_hash_table_lookup(scopes->table, "");
                *(cut && cut > slash ? cut : slash) = '\0';
        }
}

static char *default_lookaside(void) {
        if (user_is_root())
                return g_strdup("file:///var/lib/containers/sigstore");
        return g_strconcat("file://", g_get_user_data_dir(), "/containers/sigstore", NULL);
}

bool registries_d_find(
                const char *directory,
                const OciReference *name,
                SignatureStore *ret_store,
                GError **error) {
        g_autoptr(GHashTable) table = g_hash_table_new_full(
                        g_str_hash, g_str_equal, g_free, (GDestroyNotify) json_object_unref);
        Scopes scopes = { table };
        g_autofree char *user = config_user_directory();
        g_autofree char *user_d = g_build_filename(user, "registries.d", NULL);
        if (!directory)
                directory = g_getenv("BERTH_REGISTRIES_D"); /* for tests beside a real system */
        if (!directory)
                directory = access(user_d, F_OK) == 0 ? user_d : "/etc/containers/registries.d";
        if (!add_directory(&scopes, directory, error))
                return false;
        JsonObject *entry = choose(&scopes, name);
        const char *lookaside = NULL, *older = NULL;
        bool attachments = false;
        if (entry && (!json_get_string(entry, "lookaside", &lookaside, error) ||
                      !json_get_string(entry, "sigstore", &older, error) ||
                      !json_get_bool(entry, "use-sigstore-attachments", &attachments, error)))
                return false;
        const char *found = lookaside ? lookaside : older;
        ret_store->lookaside = found ? g_strdup(found) : default_lookaside();
        ret_store->attachments = attachments;
        return true;
}
