/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of a container, as people gave them. */
#include "cli/container-mounts.h"

#include <string.h>

#include "base/json.h"

static void mount_free(gpointer data) {
        ContainerMount *mount = data;
        g_free(mount->name);
        g_free(mount->source);
        g_free(mount->destination);
        g_free(mount->propagation);
        g_strfreev(mount->options);
        g_free(mount);
}

/* "GRAPH/volumes/NAME/_data" -> "NAME" */
static char *volume_of(const char *volumes, const char *source) {
        size_t n = strlen(volumes);
        if (strncmp(source, volumes, n) != 0 || source[n] != '/')
                return NULL;
        const char *name = source + n + 1;
        const char *slash = strchr(name, '/');
        return slash ? g_strndup(name, (gsize) (slash - name)) : NULL;
}

static bool is_propagation(const char *word) {
        static const char *const words[] = { "private",    "rprivate",    "shared",
                                             "rshared",    "slave",       "rslave",
                                             "unbindable", "runbindable", NULL };
        return g_strv_contains(words, word);
}

static ContainerMount *mount_of(const char *volumes, const OciMount *m) {
        ContainerMount *mount = g_new0(ContainerMount, 1);
        g_autoptr(GStrvBuilder) options = g_strv_builder_new();
        mount->name = volume_of(volumes, m->source);
        mount->source = g_strdup(m->source);
        mount->destination = g_strdup(m->destination);
        for (char **word = m->options; *word; word++) {
                if (strcmp(*word, "ro") == 0) {
                        mount->read_only = true;
                } else if (is_propagation(*word)) {
                        g_free(mount->propagation);
                        mount->propagation = g_strdup(*word);
                } else if (strcmp(*word, "rw") != 0) {
                        g_strv_builder_add(options, *word);
                }
        }
        if (!mount->propagation)
                mount->propagation = g_strdup("rprivate");
        mount->options = g_strv_builder_end(options);
        return mount;
}

static gint by_destination(gconstpointer a, gconstpointer b) {
        return strcmp((*(ContainerMount *const *) a)->destination,
                      (*(ContainerMount *const *) b)->destination);
}

GPtrArray *
container_mounts_of_spec(Runtime *runtime, const ContainerRecord *record, const OciSpec *spec) {
        GPtrArray *mounts = g_ptr_array_new_with_free_func(mount_free);
        g_autofree char *volumes =
                        g_build_filename(store_graph_root(runtime->store), "volumes", NULL);
        g_autofree char *own = record_run_path(runtime->records, record);
        for (guint i = 0; i < spec->mounts->len; i++) {
                const OciMount *m = spec->mounts->pdata[i];
                /* files that we make for each container, and the host's own trees */
                bool ours = !m->source || g_str_has_prefix(m->source, own) ||
                            g_str_has_prefix(m->destination, "/dev/") ||
                            strcmp(m->destination, "/sys") == 0 ||
                            strcmp(m->destination, "/proc") == 0;
                if (strcmp(m->type, "bind") == 0 && !ours)
                        g_ptr_array_add(mounts, mount_of(volumes, m));
        }
        g_ptr_array_sort(mounts, by_destination);
        return mounts;
}

GPtrArray *container_mounts(Runtime *runtime, const ContainerRecord *record, GError **error) {
        g_autoptr(OciSpec) spec = record_load_spec(runtime->records, record, error);
        return spec ? container_mounts_of_spec(runtime, record, spec) : NULL;
}

JsonArray *container_mounts_json(const GPtrArray *mounts) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < mounts->len; i++) {
                const ContainerMount *mount = mounts->pdata[i];
                JsonObject *object = json_object_new();
                json_object_set_string_member(object, "Type", mount->name ? "volume" : "bind");
                if (mount->name)
                        json_object_set_string_member(object, "Name", mount->name);
                json_object_set_string_member(object, "Source", mount->source);
                json_object_set_string_member(object, "Destination", mount->destination);
                json_object_set_string_member(object, "Driver", mount->name ? "local" : "");
                json_object_set_string_member(object, "Mode", "");
                json_set_strings(object, "Options", (const char *const *) mount->options);
                json_object_set_boolean_member(object, "RW", !mount->read_only);
                json_object_set_string_member(object, "Propagation", mount->propagation);
                json_array_add_object_element(array, object);
        }
        return array;
}

JsonArray *container_binds_json(const GPtrArray *mounts) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < mounts->len; i++) {
                const ContainerMount *mount = mounts->pdata[i];
                g_autofree char *options = g_strjoinv(",", mount->options);
                g_autofree char *text = g_strdup_printf(
                                "%s:%s:%s,%s%s%s", mount->name ? mount->name : mount->source,
                                mount->destination, mount->read_only ? "ro" : "rw",
                                mount->propagation, *options ? "," : "", options);
                json_array_add_string_element(array, text);
        }
        return array;
}
