/* SPDX-License-Identifier: Apache-2.0 */
/* Records of pods: one directory a pod, made under another name and renamed. */
#include "runtime/pod.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"

#define POD_FILE     "pod.json"
#define POD_FILE_MAX (1u << 20)
#define PODS_MAX     10000
#define NSFS_TYPE    0x6e736673 /* linux/magic.h NSFS_MAGIC */

G_DEFINE_QUARK(berth - pod - error, pod_error)

Pod *pod_new(void) {
        return g_new0(Pod, 1);
}

void pod_free(Pod *pod) {
        if (!pod)
                return;
        g_free(pod->id);
        g_free(pod->name);
        g_free(pod->hostname);
        g_free(pod->unit);
        g_free(pod->exit_policy);
        g_free(pod->create_command);
        g_free(pod->infra_name);
        g_strfreev(pod->volumes);
        g_strfreev(pod->share);
        g_clear_pointer(&pod->labels, g_hash_table_unref);
        g_clear_pointer(&pod->network_request, json_node_unref);
        g_clear_pointer(&pod->network_status, json_node_unref);
        g_free(pod);
}

static const struct {
        const char *name;
        size_t offset;
} texts[] = {
        { "id", offsetof(Pod, id) },
        { "name", offsetof(Pod, name) },
        { "hostname", offsetof(Pod, hostname) },
        { "unit", offsetof(Pod, unit) },
        { "exitPolicy", offsetof(Pod, exit_policy) },
        { "createCommand", offsetof(Pod, create_command) },
        { "infraName", offsetof(Pod, infra_name) },
};

static char **text_at(const Pod *pod, size_t i) {
        return (char **) (void *) ((char *) pod + texts[i].offset);
}

static char *format(const Pod *pod) {
        g_autoptr(JsonObject) object = json_object_new();
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                if (*text_at(pod, i))
                        json_object_set_string_member(object, texts[i].name, *text_at(pod, i));
        json_set_strings(object, "share", (const char *const *) pod->share);
        json_set_strings(object, "volumes", (const char *const *) pod->volumes);
        json_object_set_int_member(object, "shmSize", pod->shm_size);
        if (pod->labels)
                json_set_string_map(object, "labels", pod->labels);
        if (pod->network_request)
                json_object_set_member(
                                object, "networkRequest", json_node_copy(pod->network_request));
        if (pod->network_status)
                json_object_set_member(
                                object, "networkStatus", json_node_copy(pod->network_status));
        json_object_set_int_member(object, "created", pod->created_nsec);
        json_object_set_boolean_member(object, "wasStarted", pod->was_started);
        return json_format_object(object, false);
}

static bool get_node(JsonObject *object, const char *name, JsonNode **ret_node, GError **error) {
        JsonObject *inner;
        if (!json_get_object(object, name, &inner, error))
                return false;
        if (inner)
                *ret_node = json_node_copy(json_object_get_member(object, name));
        return true;
}

static Pod *parse(const char *text, const char *path, GError **error) {
        g_autoptr(JsonNode) root = NULL;
        g_autoptr(Pod) pod = pod_new();
        JsonObject *object;
        if (!json_parse_object(text, strlen(text), POD_FILE_MAX, path, &root, &object, error))
                return NULL;
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                const char *value;
                if (!json_get_string(object, texts[i].name, &value, error))
                        return NULL;
                *text_at(pod, i) = g_strdup(value);
        }
        if (!json_get_strings(object, "share", &pod->share, error) ||
            !json_get_strings(object, "volumes", &pod->volumes, error) ||
            !json_get_int(object, "shmSize", &pod->shm_size, error) ||
            !json_get_string_map(object, "labels", &pod->labels, error) ||
            !get_node(object, "networkRequest", &pod->network_request, error) ||
            !get_node(object, "networkStatus", &pod->network_status, error) ||
            !json_get_int(object, "created", &pod->created_nsec, error) ||
            !json_get_bool(object, "wasStarted", &pod->was_started, error))
                return NULL;
        if (!hex_id_is_valid(pod->id) || !pod->name || !container_check_name(pod->name, NULL)) {
                error_set_invalid(error, "%s: no id or name", path);
                return NULL;
        }
        return g_steal_pointer(&pod);
}

static char *pods_path(const Records *records) {
        return g_build_filename(records_data_dir(records), "pods", NULL);
}

static bool write_record(const char *directory, const Pod *pod, GError **error) {
        g_autofree char *text = format(pod);
        g_autofree char *path = g_build_filename(directory, POD_FILE, NULL);
        return file_replace(AT_FDCWD, path, text, strlen(text), 0600, FILE_DURABLE, error);
}

bool pod_create(Records *records, const Pod *pod, GError **error) {
        g_autofree char *pods = pods_path(records);
        g_autofree char *final = g_build_filename(pods, pod->name, NULL);
        g_autofree char *fresh = g_strdup_printf("%s/.new-%s", pods, pod->id);
        bool ok = container_check_name(pod->name, error) &&
                  file_make_directories(AT_FDCWD, fresh, 0700, error) &&
                  write_record(fresh, pod, error);
        int r = ok && rename(fresh, final) < 0 ? errno : 0;
        if (!ok || r != 0)
                (void) file_remove_tree(AT_FDCWD, fresh, NULL); /* the first error counts */
        if (r == EEXIST || r == ENOTEMPTY)
                return error_set(
                                error, POD_ERROR, POD_ERROR_EXISTS,
                                "adding pod to state: name \"%s\" is in use: pod already exists",
                                pod->name);
        return r == 0 ? ok : error_set_errno(error, r, "Cannot create pod '%s'", pod->name);
}

bool pod_save(Records *records, const Pod *pod, GError **error) {
        g_autofree char *pods = pods_path(records);
        g_autofree char *directory = g_build_filename(pods, pod->name, NULL);
        return write_record(directory, pod, error);
}

/* NULL without an error: there is none of that name. */
static Pod *load(const char *pods, const char *name, GError **error) {
        g_autofree char *path = g_build_filename(pods, name, POD_FILE, NULL);
        g_autofree char *text = NULL;
        GError *inner = NULL;
        if (!container_check_name(name, NULL))
                return NULL;
        if (file_read_text(AT_FDCWD, path, POD_FILE_MAX, &text, &inner))
                return parse(text, path, error);
        if (g_error_matches(inner, ERROR_ERRNO, ENOENT))
                g_error_free(inner);
        else
                g_propagate_error(error, inner);
        return NULL;
}

static gint by_age(gconstpointer a, gconstpointer b) {
        const Pod *x = *(Pod *const *) a, *y = *(Pod *const *) b;
        return (x->created_nsec > y->created_nsec) - (x->created_nsec < y->created_nsec);
}

GPtrArray *pod_list(Records *records, GError **error) {
        g_autofree char *pods = pods_path(records);
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) pod_free);
        DIR *dir = opendir(pods);
        if (!dir && errno == ENOENT)
                return g_steal_pointer(&list);
        if (!dir) {
                error_set_errno(error, errno, "Cannot list '%s'", pods);
                return NULL;
        }
        g_autoptr(GError) inner = NULL;
        for (struct dirent *e; !inner && list->len < PODS_MAX && (e = readdir(dir));) {
                Pod *pod = load(pods, e->d_name, &inner);
                if (pod)
                        g_ptr_array_add(list, pod);
        }
        closedir(dir);
        if (inner) {
                g_propagate_error(error, g_steal_pointer(&inner));
                return NULL;
        }
        g_ptr_array_sort(list, by_age);
        return g_steal_pointer(&list);
}

Pod *pod_find(Records *records, const char *name, GError **error) {
        g_autofree char *pods = pods_path(records);
        GError *inner = NULL;
        Pod *exact = load(pods, name, &inner);
        if (exact || inner) {
                if (inner)
                        g_propagate_error(error, inner);
                return exact;
        }
        g_autoptr(GPtrArray) all = pod_list(records, error);
        Pod *found = NULL;
        for (guint i = 0; all && *name && i < all->len; i++) {
                Pod *pod = all->pdata[i];
                if (!g_str_has_prefix(pod->id, name))
                        continue;
                if (found) {
                        error_set_invalid(
                                        error,
                                        "more than one result for pod name or ID %s: pod already "
                                        "exists",
                                        name);
                        return NULL;
                }
                found = pod;
        }
        if (found)
                return load(pods, found->name, error);
        if (all)
                error_set(error, POD_ERROR, POD_ERROR_NOT_FOUND,
                          "no pod with name or ID %s found: no such pod", name);
        return NULL;
}

bool pod_forget(Records *records, const Pod *pod, GError **error) {
        g_autofree char *pods = pods_path(records);
        g_autofree char *path = g_build_filename(pods, pod->name, NULL);
        g_autofree char *run_path = pod_run_path(records, pod);
        return file_remove_tree(AT_FDCWD, run_path, error) &&
               file_remove_tree(AT_FDCWD, path, error);
}

bool pod_shares(const Pod *pod, const char *namespace) {
        return pod->share && g_strv_contains((const char *const *) pod->share, namespace);
}

const char *pod_hostname(const Pod *pod) {
        return pod->hostname ? pod->hostname : pod->name;
}

char *pod_run_path(const Records *records, const Pod *pod) {
        return g_build_filename(records_run_dir(records), "pods", pod->id, NULL);
}

char *pod_file(const Records *records, const Pod *pod, const char *name) {
        return g_build_filename(records_run_dir(records), "pods", pod->id, name, NULL);
}

/* The mark is the last thing that pod_start() makes; a pin that somebody unmounted is none. */
bool pod_is_started(const Records *records, const Pod *pod) {
        g_autofree char *mark = pod_file(records, pod, "started");
        struct statfs fs;
        if (access(mark, F_OK) < 0)
                return false;
        for (char **name = pod->share; name && *name; name++) {
                g_autofree char *path = pod_file(records, pod, *name);
                bool own = strcmp(*name, "net") != 0 || pod_pins_network(pod);
                if (own && (statfs(path, &fs) < 0 || fs.f_type != NSFS_TYPE))
                        return false;
        }
        return true;
}

NetworkRequest *pod_network_request(const Pod *pod, GError **error) {
        return pod->network_request
                               ? network_request_from_json(
                                                 json_node_get_object(pod->network_request), error)
                               : network_request_new();
}

NetworkStatus *pod_network_status(const Pod *pod, GError **error) {
        return pod->network_status
                               ? network_status_from_json(
                                                 json_node_get_object(pod->network_status), error)
                               : NULL;
}

/* A pod in the host's network has none of its own. */
bool pod_pins_network(const Pod *pod) {
        g_autoptr(NetworkRequest) request = pod_network_request(pod, NULL);
        return pod_shares(pod, "net") && request && request->mode != NETWORK_MODE_HOST;
}

GPtrArray *pod_containers(Runtime *runtime, const Pod *pod, GError **error) {
        GPtrArray *list = record_list(runtime->records, error);
        for (guint i = list ? list->len : 0; i > 0; i--) {
                const ContainerRecord *record = list->pdata[i - 1];
                if (g_strcmp0(record->pod, pod->id) != 0)
                        g_ptr_array_remove_index(list, i - 1);
        }
        return list;
}
