/* SPDX-License-Identifier: Apache-2.0 */
/* The image configuration document: image-spec config.md, and what Docker adds to it. */
#include "oci/image-config.h"

#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "oci/member.h"

#define DIFF_IDS_MAX 500 /* the overlay driver's depth */
#define HISTORY_MAX  10000

static void healthcheck_free(OciHealthcheck *healthcheck) {
        if (!healthcheck)
                return;
        g_strfreev(healthcheck->test);
        g_free(healthcheck);
}

void oci_image_config_free(OciImageConfig *config) {
        if (!config)
                return;
        g_free(config->created);
        g_free(config->author);
        g_free(config->architecture);
        g_free(config->os);
        g_free(config->variant);
        g_free(config->os_version);
        g_strfreev(config->env);
        g_strfreev(config->entrypoint);
        g_strfreev(config->cmd);
        g_free(config->working_dir);
        g_free(config->user);
        g_free(config->stop_signal);
        g_strfreev(config->volumes);
        g_strfreev(config->exposed_ports);
        g_clear_pointer(&config->labels, g_hash_table_unref);
        healthcheck_free(config->healthcheck);
        g_strfreev(config->diff_ids);
        for (size_t i = 0; i < config->n_history; i++) {
                g_free(config->history[i].created);
                g_free(config->history[i].created_by);
                g_free(config->history[i].author);
                g_free(config->history[i].comment);
        }
        g_free(config->history);
        g_free(config);
}

/* Very old Docker images give Cmd and Entrypoint as one string, which a shell ran. */
static bool take_command(JsonObject *object, const char *name, char ***ret_value, GError **error) {
        JsonNode *node = json_object_get_member(object, name);
        if (!node || json_node_get_value_type(node) != G_TYPE_STRING)
                return json_get_strings(object, name, ret_value, error);
        const char *shell[] = { "/bin/sh", "-c", json_node_get_string(node), NULL };
        *ret_value = g_strdupv((char **) shell);
        return true;
}

static int compare_text(gconstpointer a, gconstpointer b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* {"/data":{}} -> ["/data"], sorted, so that all output is stable. */
static bool take_set(JsonObject *object, const char *name, char ***ret_values, GError **error) {
        JsonObject *inner;
        if (!json_get_object(object, name, &inner, error))
                return false;
        if (!inner)
                return true;
        g_autoptr(GPtrArray) values = g_ptr_array_new();
        g_autoptr(GList) members = json_object_get_members(inner);
        for (GList *at = members; at; at = at->next)
                g_ptr_array_add(values, g_strdup(at->data));
        g_ptr_array_sort(values, compare_text);
        g_ptr_array_add(values, NULL);
        *ret_values = (char **) g_ptr_array_free(g_steal_pointer(&values), FALSE);
        return true;
}

static bool take_healthcheck(JsonObject *object, OciImageConfig *config, GError **error) {
        JsonObject *inner;
        if (!json_get_object(object, "Healthcheck", &inner, error))
                return false;
        if (!inner)
                return true;
        OciHealthcheck *h = config->healthcheck = g_new0(OciHealthcheck, 1);
        return json_get_strings(inner, "Test", &h->test, error) &&
               json_get_int(inner, "Interval", &h->interval_nsec, error) &&
               json_get_int(inner, "Timeout", &h->timeout_nsec, error) &&
               json_get_int(inner, "StartPeriod", &h->start_period_nsec, error) &&
               json_get_int(inner, "StartInterval", &h->start_interval_nsec, error) &&
               json_get_int(inner, "Retries", &h->retries, error);
}

static bool take_settings(JsonObject *root, OciImageConfig *config, GError **error) {
        JsonObject *settings;
        if (!json_get_object(root, "config", &settings, error))
                return false;
        if (!settings)
                return true;
        g_autoptr(GHashTable) labels = NULL;
        bool ok = json_get_strings(settings, "Env", &config->env, error) &&
                  take_command(settings, "Entrypoint", &config->entrypoint, error) &&
                  take_command(settings, "Cmd", &config->cmd, error) &&
                  oci_member_text(settings, "WorkingDir", &config->working_dir, error) &&
                  oci_member_text(settings, "User", &config->user, error) &&
                  oci_member_text(settings, "StopSignal", &config->stop_signal, error) &&
                  take_set(settings, "Volumes", &config->volumes, error) &&
                  take_set(settings, "ExposedPorts", &config->exposed_ports, error) &&
                  take_healthcheck(settings, config, error) &&
                  json_get_string_map(settings, "Labels", &labels, error);
        if (!ok)
                g_prefix_error(error, "config: ");
        else if (labels) {
                g_hash_table_unref(config->labels);
                config->labels = g_steal_pointer(&labels);
        }
        return ok;
}

static bool take_diff_ids(JsonObject *root, OciImageConfig *config, GError **error) {
        JsonObject *rootfs;
        if (!json_get_object(root, "rootfs", &rootfs, error))
                return false;
        if (rootfs && !json_get_strings(rootfs, "diff_ids", &config->diff_ids, error))
                return false;
        if (!config->diff_ids)
                config->diff_ids = g_new0(char *, 1);
        guint n = g_strv_length(config->diff_ids);
        if (n > DIFF_IDS_MAX)
                return error_set_invalid(error, "%u layers, more than %d", n, DIFF_IDS_MAX);
        for (guint i = 0; i < n; i++)
                if (!digest_is_valid(config->diff_ids[i]))
                        return error_set_invalid(error, "diff_ids[%u] is not a digest", i);
        return true;
}

static bool take_history(JsonObject *root, OciImageConfig *config, GError **error) {
        JsonArray *array;
        if (!json_get_array(root, "history", &array, error))
                return false;
        guint n = array ? json_array_get_length(array) : 0;
        if (n > HISTORY_MAX)
                return error_set_invalid(error, "more than %d history entries", HISTORY_MAX);
        config->history = g_new0(OciHistory, n + 1);
        for (guint i = 0; i < n; i++) {
                JsonObject *entry;
                OciHistory *h = &config->history[config->n_history++];
                if (!json_element_object(array, i, &entry, error) ||
                    !oci_member_text(entry, "created", &h->created, error) ||
                    !oci_member_text(entry, "created_by", &h->created_by, error) ||
                    !oci_member_text(entry, "author", &h->author, error) ||
                    !oci_member_text(entry, "comment", &h->comment, error) ||
                    !json_get_bool(entry, "empty_layer", &h->empty_layer, error)) {
                        g_prefix_error(error, "history: ");
                        return false;
                }
        }
        return true;
}

OciImageConfig *oci_image_config_parse(const char *bytes, size_t size, GError **error) {
        g_autoptr(JsonNode) node = NULL;
        JsonObject *root;
        if (!json_parse_object(
                            bytes, size, OCI_IMAGE_CONFIG_SIZE_MAX, "image config", &node, &root,
                            error))
                return NULL;
        g_autoptr(OciImageConfig) config = g_new0(OciImageConfig, 1);
        config->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        bool ok = oci_member_text(root, "created", &config->created, error) &&
                  oci_member_text(root, "author", &config->author, error) &&
                  oci_member_text(root, "architecture", &config->architecture, error) &&
                  oci_member_text(root, "os", &config->os, error) &&
                  oci_member_text(root, "variant", &config->variant, error) &&
                  oci_member_text(root, "os.version", &config->os_version, error) &&
                  take_settings(root, config, error) && take_diff_ids(root, config, error) &&
                  take_history(root, config, error);
        if (!ok) {
                g_prefix_error(error, "image config: ");
                return NULL;
        }
        return g_steal_pointer(&config);
}
