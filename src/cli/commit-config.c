/* SPDX-License-Identifier: Apache-2.0 */
/* What a container was given, without what every run gives anew. */
#include "cli/commit-config.h"

#include <string.h>

#include "base/json.h"
#include "cli/container-mounts.h"
#include "cli/inspect-container.h"
#include "cli/network-json.h"
#include "oci/image-config.h"

typedef struct Given {
        Runtime *runtime;
        const ContainerRecord *record;
        OciSpec *spec;
        OciImageConfig *image;
        ContainerOptions flags;
} Given;

static void given_clear(Given *given) {
        oci_image_config_free(given->image);
        oci_spec_free(given->spec);
        container_options_clear(&given->flags);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Given, given_clear)

static bool load_image(Given *given, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        g_autoptr(GBytes) bytes = NULL;
        if (!store_image_find(given->runtime->store, given->record->image_id, &image, error) ||
            !store_image_read_config(given->runtime->store, image, &bytes, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        given->image = oci_image_config_parse(text, size, error);
        return given->image;
}

static bool names_variable(const char *variable, const char *name, size_t size) {
        return strncmp(variable, name, size) == 0 &&
               (variable[size] == '=' || variable[size] == '\0');
}

/* Set at each run from the host or the container; proxies may hold a password. */
static bool is_made_at_run(const Given *given, const char *variable) {
        static const char *const made[] = { "container",    "HOME",        "HOSTNAME",
                                            "TERM",         "http_proxy",  "HTTP_PROXY",
                                            "https_proxy",  "HTTPS_PROXY", "ftp_proxy",
                                            "FTP_PROXY",    "no_proxy",    "NO_PROXY",
                                            "NOTIFY_SOCKET" };
        size_t size = strcspn(variable, "=");
        bool found = false;
        for (size_t i = 0; i < G_N_ELEMENTS(made) && !found; i++)
                found = strlen(made[i]) == size && strncmp(made[i], variable, size) == 0;
        for (char **env = given->image->env; found && env && *env; env++)
                if (names_variable(*env, variable, size))
                        return false;
        for (guint i = 0; found && given->flags.env && i < given->flags.env->len; i++)
                if (names_variable(given->flags.env->pdata[i], variable, size))
                        return false;
        return found;
}

static void add_env(const Given *given, JsonObject *config) {
        g_autoptr(GPtrArray) list = g_ptr_array_new();
        for (char **env = given->spec->env; env && *env; env++)
                if (!is_made_at_run(given, *env))
                        g_ptr_array_add(list, *env);
        g_ptr_array_add(list, NULL);
        json_set_strings(config, "Env", (const char *const *) list->pdata);
}

/* The record has the words one after the other: how many are the entry point? */
static guint entrypoint_size(const Given *given, char **words) {
        const char *flag = given->flags.entrypoint;
        if (flag && *flag == '[') {
                g_autoptr(JsonNode) node = NULL;
                return json_parse(flag, strlen(flag), 1u << 20, "entrypoint", &node, NULL) &&
                                                       JSON_NODE_HOLDS_ARRAY(node)
                                       ? json_array_get_length(json_node_get_array(node))
                                       : 0;
        }
        if (flag)
                return *flag ? 1 : 0;
        char **image = given->image->entrypoint;
        guint n = 0;
        for (; image && image[n]; n++)
                if (!words[n] || strcmp(words[n], image[n]) != 0)
                        return 0;
        return n;
}

static void add_command(const Given *given, JsonObject *config) {
        char **words = given->record->command;
        guint n = words ? entrypoint_size(given, words) : 0;
        if (!words || n > g_strv_length(words))
                return;
        g_autoptr(GPtrArray) entrypoint = g_ptr_array_new();
        for (guint i = 0; i < n; i++)
                g_ptr_array_add(entrypoint, words[i]);
        g_ptr_array_add(entrypoint, NULL);
        if (n > 0)
                json_set_strings(config, "Entrypoint", (const char *const *) entrypoint->pdata);
        if (words[n])
                json_set_strings(config, "Cmd", (const char *const *) words + n);
}

/* Volumes without a name that the container asked for; with --include-volumes all it mounts. */
static void add_volumes(const Given *given, bool all, JsonObject *config) {
        JsonObject *volumes = json_object_new();
        const char *const *anonymous = (const char *const *) given->record->anonymous_volumes;
        g_autoptr(GPtrArray) mounts =
                        container_mounts_of_spec(given->runtime, given->record, given->spec);
        for (guint i = 0; i < mounts->len; i++) {
                const ContainerMount *mount = mounts->pdata[i];
                if (all || (mount->name && anonymous && g_strv_contains(anonymous, mount->name)))
                        json_object_set_object_member(
                                        volumes, mount->destination, json_object_new());
        }
        if (json_object_get_size(volumes) > 0)
                json_object_set_object_member(config, "Volumes", volumes);
        else
                json_object_unref(volumes);
}

JsonObject *commit_config_json(
                Runtime *runtime,
                const ContainerRecord *record,
                bool include_volumes,
                GError **error) {
        g_autoptr(JsonNode) command = NULL;
        g_auto(Given) given = { .runtime = runtime, .record = record };
        container_read_flags(record, &given.flags, &command);
        given.spec = record_load_spec(runtime->records, record, error);
        if (!given.spec || !load_image(&given, error))
                return NULL;
        JsonObject *config = json_object_new();
        JsonObject *ports = network_exposed_json(record);
        add_env(&given, config);
        add_command(&given, config);
        add_volumes(&given, include_volumes, config);
        if (ports)
                json_object_set_object_member(config, "ExposedPorts", ports);
        if (record->labels && g_hash_table_size(record->labels) > 0)
                json_set_string_map(config, "Labels", record->labels);
        if (given.flags.user && *given.flags.user)
                json_object_set_string_member(config, "User", given.flags.user);
        json_object_set_string_member(config, "WorkingDir", given.spec->cwd);
        return config;
}
