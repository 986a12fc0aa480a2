/* SPDX-License-Identifier: Apache-2.0 */
/* States of containers that others manage through the OCI command line. */
#include "runtime/oci-state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sys.h"
#include "runtime/cgroup-manager.h"
#include "runtime/record.h"

#define STATE_SIZE_MAX (1u << 20)
#define ID_LENGTH_MAX  1024

OciState *oci_state_new(const char *id) {
        OciState *state = g_new0(OciState, 1);
        state->id = g_strdup(id);
        return state;
}

void oci_state_free(OciState *state) {
        if (!state)
                return;
        g_free(state->id);
        g_free(state->bundle);
        g_free(state->rootfs);
        g_free(state->cgroup);
        g_free(state->scope);
        g_free(state->created);
        g_free(state);
}

bool oci_id_is_valid(const char *id) {
        size_t n = strlen(id);
        return n > 0 && n <= ID_LENGTH_MAX && strcmp(id, ".") != 0 && strcmp(id, "..") != 0 &&
               strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-") ==
                               n;
}

char *oci_state_path(const char *root, const char *id, const char *name) {
        return g_build_filename(root, id, name, NULL);
}

static bool check_id(const char *id, GError **error) {
        return oci_id_is_valid(id) || error_set_invalid(error, "invalid container ID \"%s\"", id);
}

bool oci_state_claim(const char *root, const char *id, GError **error) {
        g_autofree char *path = g_build_filename(root, id, NULL);
        if (!check_id(id, error) || !file_make_directories(AT_FDCWD, root, 0700, error))
                return false;
        if (mkdir(path, 0711) == 0)
                return true;
        if (errno == EEXIST)
                return error_set_invalid(
                                error, "container with given ID already exists: \"%s\"", id);
        return error_set_errno(error, errno, "Cannot create '%s'", path);
}

bool oci_state_save(const char *root, const OciState *state, GError **error) {
        g_autoptr(JsonObject) object = json_object_new();
        json_object_set_string_member(object, "id", state->id);
        json_object_set_string_member(object, "bundle", state->bundle);
        json_object_set_string_member(object, "rootfs", state->rootfs);
        if (state->cgroup)
                json_object_set_string_member(object, "cgroup", state->cgroup);
        if (state->scope)
                json_object_set_string_member(object, "scope", state->scope);
        json_object_set_string_member(object, "created", state->created);
        json_object_set_int_member(object, "owner", state->owner);
        json_object_set_int_member(object, "pid", state->pid);
        json_object_set_int_member(object, "startTicks", (int64_t) state->pid_start_ticks);
        json_object_set_boolean_member(object, "started", state->is_started);
        g_autofree char *text = json_format_object(object, false);
        g_autofree char *path = oci_state_path(root, state->id, "state.json");
        return file_replace(AT_FDCWD, path, text, strlen(text), 0600, FILE_VOLATILE, error);
}

static OciState *parse(const char *bytes, size_t size, const char *id, GError **error) {
        g_autoptr(JsonNode) root = NULL;
        g_autoptr(OciState) state = oci_state_new(id);
        JsonObject *object;
        const char *bundle, *rootfs, *cgroup, *scope, *created;
        int64_t owner, pid, ticks;
        if (!json_parse_object(bytes, size, STATE_SIZE_MAX, "state.json", &root, &object, error) ||
            !json_need_string(object, "bundle", &bundle, error) ||
            !json_need_string(object, "rootfs", &rootfs, error) ||
            !json_need_string(object, "created", &created, error) ||
            !json_get_string(object, "cgroup", &cgroup, error) ||
            !json_get_string(object, "scope", &scope, error) ||
            !json_get_int(object, "owner", &owner, error) ||
            !json_get_int(object, "pid", &pid, error) ||
            !json_get_int(object, "startTicks", &ticks, error) ||
            !json_get_bool(object, "started", &state->is_started, error))
                return NULL;
        state->bundle = g_strdup(bundle);
        state->rootfs = g_strdup(rootfs);
        state->created = g_strdup(created);
        state->cgroup = g_strdup(cgroup);
        state->scope = g_strdup(scope);
        state->owner = (uid_t) owner;
        state->pid = (pid_t) pid;
        state->pid_start_ticks = (uint64_t) ticks;
        return g_steal_pointer(&state);
}

OciState *oci_state_load(const char *root, const char *id, GError **error) {
        if (!check_id(id, error))
                return NULL;
        g_autofree char *path = oci_state_path(root, id, "state.json");
        g_autoptr(GBytes) bytes = NULL;
        GError *inner = NULL;
        if (!file_read(AT_FDCWD, path, STATE_SIZE_MAX, &bytes, &inner)) {
                if (g_error_matches(inner, ERROR_ERRNO, ENOENT)) {
                        g_clear_error(&inner);
                        error_set(error, ERROR_ERRNO, ENOENT, "container \"%s\" does not exist",
                                  id);
                } else {
                        g_propagate_error(error, inner);
                }
                return NULL;
        }
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        return parse(text, size, id, error);
}

bool oci_state_remove(const char *root, const char *id, GError **error) {
        g_autofree char *path = g_build_filename(root, id, NULL);
        return check_id(id, error) && file_remove_tree(AT_FDCWD, path, error);
}

static int by_text(gconstpointer a, gconstpointer b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

char **oci_state_list(const char *root, GError **error) {
        g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
        DIR *dir = opendir(root);
        if (!dir && errno != ENOENT) {
                error_set_errno(error, errno, "Cannot open '%s'", root);
                return NULL;
        }
        for (struct dirent *e; dir && (e = readdir(dir));)
                if (oci_id_is_valid(e->d_name) && e->d_name[0] != '.')
                        g_ptr_array_add(ids, g_strdup(e->d_name));
        if (dir)
                closedir(dir);
        g_ptr_array_sort(ids, by_text);
        g_ptr_array_add(ids, NULL);
        return (char **) g_ptr_array_free(g_steal_pointer(&ids), FALSE);
}

bool oci_state_save_spec(const char *root, const char *id, const OciSpec *spec, GError **error) {
        g_autofree char *text = oci_spec_format(spec);
        g_autofree char *path = oci_state_path(root, id, "config.json");
        return file_replace(AT_FDCWD, path, text, strlen(text), 0600, FILE_VOLATILE, error);
}

OciSpec *oci_state_load_spec(const char *root, const char *id, GError **error) {
        g_autofree char *path = oci_state_path(root, id, "config.json");
        g_autoptr(GBytes) bytes = NULL;
        if (!file_read(AT_FDCWD, path, OCI_SPEC_SIZE_MAX, &bytes, error))
                return NULL;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        return oci_spec_parse(text, size, error);
}

int oci_state_open_pidfd(const OciState *state) {
        const ContainerRecord record = { .pid = state->pid,
                                         .pid_start_ticks = state->pid_start_ticks };
        return record_open_pidfd(&record);
}

OciStatus oci_state_status(const OciState *state) {
        if (state->pid == 0)
                return OCI_STATUS_CREATING;
        autofd int pid_fd = oci_state_open_pidfd(state);
        if (pid_fd < 0)
                return OCI_STATUS_STOPPED;
        if (!state->is_started)
                return OCI_STATUS_CREATED;
        return cgroup_is_frozen(state->cgroup) ? OCI_STATUS_PAUSED : OCI_STATUS_RUNNING;
}

const char *oci_status_to_text(OciStatus status) {
        static const char *const texts[] = {
                [OCI_STATUS_CREATING] = "creating", [OCI_STATUS_CREATED] = "created",
                [OCI_STATUS_RUNNING] = "running",   [OCI_STATUS_PAUSED] = "paused",
                [OCI_STATUS_STOPPED] = "stopped",
        };
        return texts[status];
}

char *oci_state_format(const OciState *state, const OciSpec *spec, OciStatus status, bool is_full) {
        g_autoptr(JsonObject) object = json_object_new();
        json_object_set_string_member(object, "ociVersion", OCI_SPEC_VERSION);
        json_object_set_string_member(object, "id", state->id);
        json_object_set_int_member(object, "pid", status == OCI_STATUS_STOPPED ? 0 : state->pid);
        json_object_set_string_member(object, "status", oci_status_to_text(status));
        json_object_set_string_member(object, "bundle", state->bundle);
        if (is_full) {
                json_object_set_string_member(object, "rootfs", state->rootfs);
                json_object_set_string_member(object, "created", state->created);
                g_autofree char *owner = g_strdup_printf("%u", (unsigned int) state->owner);
                json_object_set_string_member(object, "owner", state->owner == 0 ? "root" : owner);
                if (state->scope)
                        json_object_set_string_member(object, "systemd-scope", state->scope);
        }
        if (spec)
                json_set_string_map(object, "annotations", spec->annotations);
        return json_format_object(object, is_full);
}
