/* SPDX-License-Identifier: Apache-2.0 */
/* The store, registries, plugins and version in `info`. */
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/json.h"
#include "build-config.h"
#include "cli/info-json.h"
#include "config/registries-conf.h"

static JsonObject *container_counts(Runtime *runtime, GError **error) {
        g_autoptr(GPtrArray) containers = record_list(runtime->records, error);
        if (!containers)
                return NULL;
        int running = 0, paused = 0;
        for (guint i = 0; i < containers->len; i++) {
                bool is_paused = record_is_paused(containers->pdata[i]);
                paused += is_paused;
                running += !is_paused && record_status(containers->pdata[i]) == CONTAINER_RUNNING;
        }
        JsonObject *counts = json_object_new();
        json_object_set_int_member(counts, "number", containers->len);
        json_object_set_int_member(counts, "paused", paused);
        json_object_set_int_member(counts, "running", running);
        json_object_set_int_member(counts, "stopped", (int) containers->len - running - paused);
        return counts;
}

static void add_places(Runtime *runtime, JsonObject *store) {
        const char *root = store_graph_root(runtime->store);
        const char *temporary = g_getenv("TMPDIR");
        g_autofree char *volumes = g_build_filename(root, "volumes", NULL);
        struct statvfs st;
        json_object_set_string_member(store, "graphDriverName", "overlay");
        json_object_set_object_member(store, "graphOptions", json_object_new());
        json_object_set_string_member(store, "graphRoot", root);
        if (statvfs(root, &st) == 0) {
                int64_t all = (int64_t) st.f_blocks * (int64_t) st.f_frsize;
                json_object_set_int_member(store, "graphRootAllocated", all);
                json_object_set_int_member(
                                store, "graphRootUsed",
                                all - (int64_t) st.f_bfree * (int64_t) st.f_frsize);
        }
        json_object_set_string_member(
                        store, "imageCopyTmpDir", temporary && *temporary ? temporary : "/var/tmp");
        json_object_set_string_member(store, "runRoot", store_run_root(runtime->store));
        json_object_set_string_member(store, "volumePath", volumes);
        json_object_set_boolean_member(store, "transientStore", FALSE);
}

JsonObject *info_store_json(Runtime *runtime, GError **error) {
        g_autoptr(GPtrArray) images = NULL;
        JsonObject *counts = container_counts(runtime, error);
        if (!counts)
                return NULL;
        g_autoptr(JsonObject) store = json_object_new();
        json_object_set_object_member(store, "containerStore", counts);
        if (!store_image_list(runtime->store, &images, error))
                return NULL;
        JsonObject *image_counts = json_object_new();
        json_object_set_int_member(image_counts, "number", images->len);
        json_object_set_object_member(store, "imageStore", image_counts);
        add_places(runtime, store);
        return g_steal_pointer(&store);
}

JsonObject *info_registries_json(GError **error) {
        g_autoptr(RegistriesConf) conf = registries_conf_load(NULL, error);
        if (!conf)
                return NULL;
        JsonObject *registries = json_object_new();
        if (conf->search && conf->search[0])
                json_set_strings(registries, "search", (const char *const *) conf->search);
        return registries;
}

JsonObject *info_plugins_json(void) {
        static const char *const volume[] = { "local", NULL };
        static const char *const network[] = { "bridge", "macvlan", "ipvlan", NULL };
        static const char *const log[] = { "journald", "none", "passthrough", NULL };
        JsonObject *plugins = json_object_new();
        json_set_strings(plugins, "volume", volume);
        json_set_strings(plugins, "network", network);
        json_set_strings(plugins, "log", log);
        json_object_set_null_member(plugins, "authorization");
        return plugins;
}

JsonObject *info_version_json(void) {
        JsonObject *version = json_object_new();
        struct utsname name;
        g_assert(uname(&name) == 0); /* cannot fail with a valid buffer, uname(2) */
        g_autofree char *os_arch = g_strconcat(
                        "linux/", strcmp(name.machine, "x86_64") == 0 ? "amd64" : name.machine,
                        NULL);
        json_object_set_string_member(version, "APIVersion", BERTH_VERSION);
        json_object_set_string_member(version, "Version", BERTH_VERSION);
        json_object_set_string_member(version, "OsArch", os_arch);
        json_object_set_string_member(version, "Os", "linux");
        return version;
}
