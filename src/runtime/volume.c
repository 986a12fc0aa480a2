/* SPDX-License-Identifier: Apache-2.0 */
/* Making, finding and removing volumes. */
#include "runtime/volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#define VOLUME_NAME_MAX      128
#define VOLUME_FILE          "berth.json"
#define VOLUME_FILE_MAX      (1u << 20)
#define VOLUMES_MAX          100000
#define VOLUME_SNAPSHOTS_MAX 1000

G_DEFINE_QUARK(berth - volume - error - quark, volume_error)

bool volume_name_is_valid(const char *name) {
        return g_ascii_isalnum(name[0]) && strlen(name) <= VOLUME_NAME_MAX &&
               strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
                               strlen(name);
}

void volume_free(Volume *volume) {
        if (!volume)
                return;
        g_free(volume->name);
        g_free(volume->path);
        g_clear_pointer(&volume->labels, g_hash_table_unref);
        g_clear_pointer(&volume->options, g_hash_table_unref);
        g_clear_pointer(&volume->images, g_hash_table_unref);
        g_free(volume);
}

bool volume_has_device(const Volume *volume) {
        return volume->options && (g_hash_table_contains(volume->options, "device") ||
                                   g_hash_table_contains(volume->options, "type"));
}

/* "o=uid=5,gid=6,nodev": uid and gid are the owner of the data, the rest goes to the mount. */
typedef struct Owner {
        uid_t uid;
        gid_t gid;
        bool given;
} Owner;

static bool
take_owner(const char *text, bool mounts, Owner *owner, GHashTable *options, GError **error) {
        g_auto(GStrv) words = g_strsplit(text, ",", -1);
        for (char **word = words; *word; word++) {
                bool uid = g_str_has_prefix(*word, "uid="), gid = g_str_has_prefix(*word, "gid=");
                uint64_t id;
                if (!mounts && /* a tmpfs has a size of its own */
                    (g_str_has_prefix(*word, "size=") || g_str_has_prefix(*word, "inodes=")))
                        return error_set_invalid(
                                        error,
                                        "volume options size and inodes are not supported: the "
                                        "file system has no project quota for them");
                if (!uid && !gid)
                        continue;
                if (!text_parse_uint64(*word + 4, UINT32_MAX - 1, &id))
                        return error_set_invalid(
                                        error, "cannot convert %s %s to integer",
                                        uid ? "UID" : "GID", *word + 4);
                if (uid)
                        owner->uid = (uid_t) id;
                else
                        owner->gid = (gid_t) id;
                owner->given = true;
                g_hash_table_insert(options, g_strdup(uid ? "UID" : "GID"), g_strdup(*word + 4));
        }
        return true;
}

static bool check_snapshots(const char *text, bool mounts, GError **error) {
        uint64_t n;
        if (mounts)
                return error_set_invalid(
                                error, "volume option snapshot: a volume that is mounted by type "
                                       "and device has no snapshots");
        return text_parse_uint64(text, VOLUME_SNAPSHOTS_MAX, &n) ||
               error_set_invalid(
                               error,
                               "volume option snapshot=%s: write how many to keep, at most %d",
                               text, VOLUME_SNAPSHOTS_MAX);
}

static bool check_options(GHashTable *given, Owner *owner, GHashTable *options, GError **error) {
        static const char *const known[] = { "type",   "device",   "o",     "copy",
                                             "nocopy", "snapshot", "image", NULL };
        GHashTableIter iter;
        gpointer name, value;
        if (!given)
                return true;
        bool mounts = g_hash_table_contains(given, "type");
        g_hash_table_iter_init(&iter, given);
        while (g_hash_table_iter_next(&iter, &name, &value)) {
                if (!g_strv_contains(known, name))
                        return error_set_invalid(
                                        error,
                                        "invalid mount option %s for driver 'local': invalid "
                                        "argument",
                                        (char *) name);
                if (strcmp(name, "snapshot") == 0 && !check_snapshots(value, mounts, error))
                        return false;
                if (strcmp(name, "o") == 0 && !take_owner(value, mounts, owner, options, error))
                        return false;
                g_hash_table_insert(options, g_strdup(name), g_strdup(value));
        }
        return true;
}

static bool write_file(int directory_fd, const Volume *volume, GError **error) {
        g_autoptr(JsonObject) object = json_object_new();
        json_object_set_int_member(object, "created", volume->created_nsec);
        json_object_set_boolean_member(object, "anonymous", volume->anonymous);
        json_object_set_boolean_member(object, "needsCopyUp", volume->needs_copy_up);
        if (volume->labels)
                json_set_string_map(object, "labels", volume->labels);
        if (volume->options)
                json_set_string_map(object, "options", volume->options);
        if (volume->images)
                json_set_string_map(object, "images", volume->images);
        g_autofree char *text = json_format_object(object, false);
        return file_replace(
                        directory_fd, VOLUME_FILE, text, strlen(text), 0600, FILE_DURABLE, error);
}

/* Filled under another name and renamed: a volume is there whole or not at all. */
static bool make(const char *fresh, const VolumeRequest *request, GError **error) {
        Owner owner = { 0 };
        g_autoptr(GHashTable) options =
                        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autofree char *data = g_build_filename(fresh, "_data", NULL);
        if (!check_options(request->options, &owner, options, error) ||
            !file_make_directories(AT_FDCWD, data, 0755, error))
                return false;
        autofd int directory_fd = open(fresh, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        autofd int data_fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory_fd < 0 || data_fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", fresh);
        if (request->fill && !request->fill(data, request->data, error))
                return false;
        if (owner.given && fchown(data_fd, owner.uid, owner.gid) < 0)
                return error_set_errno(
                                error, errno, "Cannot give volume '%s' to %u:%u", request->name,
                                owner.uid, owner.gid);
        const Volume volume = {
                .created_nsec = g_get_real_time() * 1000,
                .labels = request->labels,
                .options = options,
                .anonymous = request->anonymous,
                .needs_copy_up =
                                request->needs_copy_up && !g_hash_table_contains(options, "nocopy"),
        };
        return write_file(directory_fd, &volume, error);
}

bool volume_save(const char *volumes_path, const Volume *volume, GError **error) {
        g_autofree char *path = g_build_filename(volumes_path, volume->name, NULL);
        autofd int directory_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory_fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", path);
        return write_file(directory_fd, volume, error);
}

const char *volume_image(const Volume *volume) {
        return volume->options ? g_hash_table_lookup(volume->options, "image") : NULL;
}

unsigned int volume_snapshots_max(const Volume *volume) {
        const char *text =
                        volume->options ? g_hash_table_lookup(volume->options, "snapshot") : NULL;
        uint64_t n;
        return text && text_parse_uint64(text, VOLUME_SNAPSHOTS_MAX, &n) ? (unsigned int) n : 0;
}

bool volume_create(const char *volumes_path, const VolumeRequest *request, GError **error) {
        if (!volume_name_is_valid(request->name))
                return error_set_invalid(
                                error,
                                "running volume create option: names must match "
                                "[a-zA-Z0-9][a-zA-Z0-9_.-]*: '%s': invalid argument",
                                request->name);
        g_autofree char *final = g_build_filename(volumes_path, request->name, NULL);
        g_autofree char *fresh = g_strdup_printf(
                        "%s/.new-%s.%08x", volumes_path, request->name, g_random_int());
        bool ok = make(fresh, request, error);
        int r = ok && rename(fresh, final) < 0 ? errno : 0;
        if (!ok || r != 0)
                (void) file_remove_tree(AT_FDCWD, fresh, NULL); /* the first error counts */
        if (r == EEXIST || r == ENOTEMPTY)
                return error_set(
                                error, VOLUME_ERROR, VOLUME_ERROR_EXISTS,
                                "volume with name %s already exists: volume already exists",
                                request->name);
        return r == 0 ? ok : error_set_errno(error, r, "Cannot create volume '%s'", request->name);
}

static bool read_file(const char *directory, Volume *volume, GError **error) {
        g_autofree char *path = g_build_filename(directory, VOLUME_FILE, NULL);
        g_autofree char *text = NULL;
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object;
        GError *inner = NULL;
        if (!file_read_text(AT_FDCWD, path, VOLUME_FILE_MAX, &text, &inner)) {
                bool absent = g_error_matches(inner, ERROR_ERRNO, ENOENT);
                if (absent)
                        g_error_free(inner);
                else
                        g_propagate_error(error, inner);
                return absent;
        }
        volume->is_ours = true;
        return json_parse_object(
                               text, strlen(text), VOLUME_FILE_MAX, path, &root, &object, error) &&
               json_get_int(object, "created", &volume->created_nsec, error) &&
               json_get_bool(object, "anonymous", &volume->anonymous, error) &&
               json_get_bool(object, "needsCopyUp", &volume->needs_copy_up, error) &&
               json_get_string_map(object, "labels", &volume->labels, error) &&
               json_get_string_map(object, "options", &volume->options, error) &&
               json_get_string_map(object, "images", &volume->images, error);
}

/* NULL without an error: that is no volume. */
static Volume *load(const char *volumes_path, const char *name, GError **error) {
        g_autofree char *directory = g_build_filename(volumes_path, name, NULL);
        g_autoptr(Volume) volume = g_new0(Volume, 1);
        struct stat st;
        volume->name = g_strdup(name);
        volume->path = g_build_filename(directory, "_data", NULL);
        if (!volume_name_is_valid(name) || stat(volume->path, &st) < 0)
                return NULL;
        volume->created_nsec =
                        (int64_t) st.st_ctim.tv_sec * 1000000000 + (int64_t) st.st_ctim.tv_nsec;
        return read_file(directory, volume, error) ? g_steal_pointer(&volume) : NULL;
}

static gint by_age(gconstpointer a, gconstpointer b) {
        const Volume *x = *(Volume *const *) a, *y = *(Volume *const *) b;
        return (x->created_nsec > y->created_nsec) - (x->created_nsec < y->created_nsec);
}

GPtrArray *volume_list(const char *volumes_path, GError **error) {
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) volume_free);
        DIR *dir = opendir(volumes_path);
        if (!dir && errno == ENOENT)
                return g_steal_pointer(&list);
        if (!dir) {
                error_set_errno(error, errno, "Cannot list '%s'", volumes_path);
                return NULL;
        }
        g_autoptr(GError) inner = NULL;
        for (struct dirent *e; !inner && list->len < VOLUMES_MAX && (e = readdir(dir));) {
                Volume *volume = load(volumes_path, e->d_name, &inner);
                if (volume)
                        g_ptr_array_add(list, volume);
        }
        closedir(dir);
        if (inner) {
                g_propagate_error(error, g_steal_pointer(&inner));
                return NULL;
        }
        g_ptr_array_sort(list, by_age);
        return g_steal_pointer(&list);
}

Volume *volume_find(const char *volumes_path, const char *name, GError **error) {
        GError *inner = NULL;
        Volume *exact = load(volumes_path, name, &inner);
        if (exact || inner) {
                if (inner)
                        g_propagate_error(error, inner);
                return exact;
        }
        g_autoptr(GPtrArray) all = volume_list(volumes_path, error);
        const char *found = NULL;
        for (guint i = 0; all && *name && i < all->len; i++) {
                const Volume *volume = all->pdata[i];
                if (!g_str_has_prefix(volume->name, name))
                        continue;
                if (found) {
                        error_set_invalid(
                                        error,
                                        "more than one result for volume name %s: volume already "
                                        "exists",
                                        name);
                        return NULL;
                }
                found = volume->name;
        }
        if (found)
                return load(volumes_path, found, error);
        if (all)
                error_set(error, VOLUME_ERROR, VOLUME_ERROR_NOT_FOUND,
                          "no volume with name \"%s\" found: no such volume", name);
        return NULL;
}

/* Away from its name at once; what takes time happens where nobody looks. */
bool volume_remove(const char *volumes_path, const char *name, GError **error) {
        g_autofree char *path = g_build_filename(volumes_path, name, NULL);
        g_autofree char *dead =
                        g_strdup_printf("%s/.old-%s.%08x", volumes_path, name, g_random_int());
        if (rename(path, dead) < 0) {
                if (errno == ENOENT)
                        return true;
                return error_set_errno(error, errno, "Cannot remove volume '%s'", name);
        }
        return file_remove_tree(AT_FDCWD, dead, error);
}
