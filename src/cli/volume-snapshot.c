/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots of volumes: taken, thinned out, put back. */
#include "cli/volume-snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/image-program.h"
#include "cli/tree-tar.h"
#include "cli/volume-json.h"
#include "store/store.h"

#define SNAPSHOT_FILE     "snapshot.json"
#define SNAPSHOT_FILE_MAX 65536

static void snapshot_free(gpointer data) {
        Snapshot *snapshot = data;
        g_free(snapshot->id);
        g_free(snapshot->image);
        g_free(snapshot->container);
        g_free(snapshot);
}

static char *folder_of(const Volume *volume) {
        g_autofree char *directory = g_path_get_dirname(volume->path);
        return g_build_filename(directory, "snapshots", NULL);
}

/* Whether the file system can let two files share their blocks, ioctl_ficlone(2). */
static bool can_share(const char *folder) {
        autofd int from = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        autofd int to = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        return from >= 0 && to >= 0 && fd_write_all(from, "x", 1) == 0 &&
               ioctl(to, FICLONE, from) == 0;
}

/* cp(1) keeps owners, times, links, holes and extended attributes. */
static bool copy_tree(const char *from, const char *to, const char *reflink, GError **error) {
        const char *const argv[] = { "cp", "-a", "-T", reflink, "--", from, to, NULL };
        g_autofree char *output = NULL;
        int status;
        return process_converse(argv, NULL, "", 4096, &output, &status, error) &&
               (status == 0 ||
                error_set_invalid(error, "Cannot copy '%s' to '%s': cp failed", from, to));
}

static bool pack(const char *from, const char *file, GError **error) {
        autofd int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        autofd int dir_fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_auto(TreeTar) tar = { .write = tree_tar_write_fd, .data = &fd };
        if (fd < 0 || dir_fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", fd < 0 ? file : from);
        return tree_tar_add(&tar, dir_fd, ".", "data", error) && tree_tar_end(&tar, error) &&
               (fsync(fd) == 0 || error_set_errno(error, errno, "Cannot write '%s'", file));
}

static bool feed_file(int fd, void *data, GError **error) {
        const char *path = data;
        autofd int from = open(path, O_RDONLY | O_CLOEXEC);
        char buffer[65536];
        ssize_t n = from < 0 ? -1 : 1;
        while (n > 0) {
                n = read(from, buffer, sizeof buffer);
                int r = n > 0 ? fd_write_all(fd, buffer, (size_t) n) : 0;
                if (r < 0)
                        return error_set_errno(error, r, "Cannot pass on '%s'", path);
        }
        return n == 0 || error_set_errno(error, errno, "Cannot read '%s'", path);
}

/* directory gets the archive's one entry, "data". */
static bool unpack(const char *file, const char *directory, GError **error) {
        char *arguments[] = { (char *) "tree-unpack", (char *) directory, NULL };
        g_autofree char *output = NULL;
        int status;
        return image_program_converse(
                               arguments, feed_file, (void *) file, 4096, &output, &status,
                               error) &&
               (status == 0 || error_set_invalid(error, "Cannot unpack '%s'", file));
}

static bool write_note(const char *directory, const Snapshot *s, GError **error) {
        g_autoptr(JsonObject) object = json_object_new();
        json_object_set_int_member(object, "created", s->created_nsec);
        json_object_set_boolean_member(object, "archive", s->is_archive);
        if (s->image)
                json_object_set_string_member(object, "image", s->image);
        if (s->container)
                json_object_set_string_member(object, "container", s->container);
        g_autofree char *text = json_format_object(object, false);
        autofd int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", directory);
        return file_replace(fd, SNAPSHOT_FILE, text, strlen(text), 0600, FILE_DURABLE, error);
}

static Snapshot *read_note(const char *folder, const char *id) {
        g_autofree char *path = g_build_filename(folder, id, SNAPSHOT_FILE, NULL);
        g_autofree char *text = NULL;
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object;
        const char *image, *container;
        Snapshot s = { 0 };
        if (!file_read_text(AT_FDCWD, path, SNAPSHOT_FILE_MAX, &text, NULL) ||
            !json_parse_object(text, strlen(text), SNAPSHOT_FILE_MAX, path, &root, &object, NULL) ||
            !json_get_int(object, "created", &s.created_nsec, NULL) ||
            !json_get_bool(object, "archive", &s.is_archive, NULL) ||
            !json_get_string(object, "image", &image, NULL) ||
            !json_get_string(object, "container", &container, NULL))
                return NULL;
        s.id = g_strdup(id);
        s.image = g_strdup(image);
        s.container = g_strdup(container);
        return g_memdup2(&s, sizeof s);
}

static gint by_id(gconstpointer a, gconstpointer b) {
        return strcmp((*(Snapshot *const *) a)->id, (*(Snapshot *const *) b)->id);
}

GPtrArray *volume_snapshots(const Volume *volume, GError **error) {
        g_autofree char *folder = folder_of(volume);
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(snapshot_free);
        DIR *dir = opendir(folder);
        if (!dir && errno != ENOENT) {
                error_set_errno(error, errno, "Cannot list '%s'", folder);
                return NULL;
        }
        for (struct dirent *e; dir && (e = readdir(dir));) {
                Snapshot *s = e->d_name[0] != '.' ? read_note(folder, e->d_name) : NULL;
                if (s)
                        g_ptr_array_add(list, s);
        }
        if (dir)
                closedir(dir);
        g_ptr_array_sort(list, by_id);
        return g_steal_pointer(&list);
}

/* "20261125T170501.123456Z": sorts by time. */
static char *new_id(int64_t now_nsec) {
        g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(now_nsec / 1000000000);
        g_autofree char *second = g_date_time_format(now, "%Y%m%dT%H%M%S");
        return g_strdup_printf("%s.%06dZ", second, (int) (now_nsec % 1000000000 / 1000));
}

static void thin_out(const Volume *volume) {
        g_autofree char *folder = folder_of(volume);
        g_autoptr(GPtrArray) list = volume_snapshots(volume, NULL);
        unsigned int max = MAX(volume_snapshots_max(volume), 1);
        for (guint i = 0; list && list->len > max && i < list->len - max; i++) {
                g_autoptr(GError) error = NULL;
                g_autofree char *path =
                                g_build_filename(folder, ((Snapshot *) list->pdata[i])->id, NULL);
                if (!file_remove_tree(AT_FDCWD, path, &error))
                        log_warning("Cannot remove an old snapshot: %s", error->message);
        }
}

/* The data, as it is, in directory. */
static bool
fill(const Volume *volume, const char *folder, const char *directory, Snapshot *s, GError **error) {
        s->is_archive = !can_share(folder);
        g_autofree char *to =
                        g_build_filename(directory, s->is_archive ? "data.tar" : "data", NULL);
        return (s->is_archive ? pack(volume->path, to, error)
                              : copy_tree(volume->path, to, "--reflink=always", error)) &&
               write_note(directory, s, error);
}

bool volume_snapshot_take(
                const Volume *volume,
                const char *image,
                const char *container,
                char **ret_id,
                GError **error) {
        int64_t now = g_get_real_time() * 1000;
        g_autofree char *folder = folder_of(volume);
        g_autofree char *id = new_id(now);
        g_autofree char *final = g_build_filename(folder, id, NULL);
        g_autofree char *fresh = g_strdup_printf("%s/.new-%s.%08x", folder, id, g_random_int());
        Snapshot s = { .image = (char *) image,
                       .container = (char *) container,
                       .created_nsec = now };
        bool good = file_make_directories(AT_FDCWD, fresh, 0700, error) &&
                    fill(volume, folder, fresh, &s, error);
        if (good && rename(fresh, final) < 0)
                good = error_set_errno(error, errno, "Cannot name '%s'", final);
        if (!good) {
                (void) file_remove_tree(AT_FDCWD, fresh, NULL); /* the first error counts */
                g_prefix_error(error, "cannot take a snapshot of volume %s: ", volume->name);
                return false;
        }
        thin_out(volume);
        *ret_id = g_steal_pointer(&id);
        return true;
}

static const Snapshot *
choose(const Volume *volume, const GPtrArray *list, const char *id, GError **error) {
        for (guint i = list->len; i > 0; i--)
                if (!id || strcmp(((Snapshot *) list->pdata[i - 1])->id, id) == 0)
                        return list->pdata[i - 1];
        if (id)
                error_set_invalid(
                                error, "volume %s has no snapshot %s; see: berth volume inspect %s",
                                volume->name, id, volume->name);
        else
                error_set_invalid(error, "volume %s has no snapshot", volume->name);
        return NULL;
}

/* The old data beside the volume's, ready to be exchanged with it. */
static bool prepare(const char *folder, const Snapshot *s, const char *directory, GError **error) {
        g_autofree char *from =
                        g_build_filename(folder, s->id, s->is_archive ? "data.tar" : "data", NULL);
        g_autofree char *to = g_build_filename(directory, "data", NULL);
        if (!file_make_directories(AT_FDCWD, directory, 0700, error))
                return false;
        return s->is_archive ? unpack(from, directory, error)
                             : copy_tree(from, to, "--reflink=auto", error);
}

bool volume_snapshot_restore(
                const Volume *volume,
                const char *id,
                char **ret_restored,
                char **ret_saved,
                GError **error) {
        g_autofree char *folder = folder_of(volume);
        g_autoptr(GPtrArray) list = volume_snapshots(volume, error);
        const Snapshot *s = list ? choose(volume, list, id, error) : NULL;
        if (!s)
                return false;
        g_autofree char *directory = g_strdup_printf("%s/.restore.%08x", folder, g_random_int());
        g_autofree char *data = g_build_filename(directory, "data", NULL);
        bool good = prepare(folder, s, directory, error) &&
                    volume_snapshot_take(volume, NULL, NULL, ret_saved, error);
        if (good && renameat2(AT_FDCWD, data, AT_FDCWD, volume->path, RENAME_EXCHANGE) < 0)
                good = error_set_errno(error, errno, "Cannot exchange '%s'", volume->path);
        if (good)
                *ret_restored = g_strdup(s->id);
        else
                g_prefix_error(error, "cannot restore volume %s: ", volume->name);
        if (!file_remove_tree(AT_FDCWD, directory, good ? error : NULL))
                return false;
        return good;
}

/* "NAME:/path" of --volume, "type=volume,source=NAME" of --mount; NULL for anything else. */
static char *volume_name_of(const char *text, bool is_mount) {
        g_autofree char *name = NULL;
        if (!is_mount)
                name = strchr(text, ':') ? g_strndup(text, strcspn(text, ":")) : NULL;
        g_auto(GStrv) words = is_mount ? g_strsplit(text, ",", -1) : NULL;
        for (char **word = words; word && *word; word++)
                for (size_t i = 0; i < 2 && !name; i++) {
                        const char *key = i == 0 ? "src=" : "source=";
                        if (g_str_has_prefix(*word, key))
                                name = g_strdup(*word + strlen(key));
                }
        return name && volume_name_is_valid(name) ? g_steal_pointer(&name) : NULL;
}

/* Remembers the image, after a snapshot when it is another one. */
static bool
before_update(const char *path,
              const char *name,
              const char *container,
              const char *image,
              GError **error) {
        g_autoptr(Volume) volume = volume_find(path, name, NULL);
        g_autofree char *id = NULL;
        if (!volume || strcmp(volume->name, name) != 0 || volume_snapshots_max(volume) == 0)
                return true; /* what is wrong with it is told where it is used */
        const char *last = volume->images ? g_hash_table_lookup(volume->images, container) : NULL;
        if (g_strcmp0(last, image) == 0)
                return true;
        if (last && !volume_snapshot_take(volume, last, container, &id, error))
                return false;
        if (id)
                log_info("Image of %s has changed: snapshot %s of volume %s", container, id, name);
        if (!volume->images)
                volume->images = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_hash_table_insert(volume->images, g_strdup(container), g_strdup(image));
        return volume_save(path, volume, error);
}

bool volume_snapshot_before_update(
                Runtime *runtime, const ContainerOptions *options, GError **error) {
        const GPtrArray *const lists[] = { options->volume, options->mount };
        if (!options->name || options->rootfs || !options->command || (!lists[0] && !lists[1]))
                return true;
        g_autofree char *path = volumes_path_of(runtime);
        g_autoptr(StoreImage) image = NULL;
        for (size_t l = 0; l < G_N_ELEMENTS(lists); l++)
                for (guint i = 0; lists[l] && i < lists[l]->len; i++) {
                        g_autofree char *name = volume_name_of(lists[l]->pdata[i], l == 1);
                        if (!name)
                                continue;
                        if (!image &&
                            !store_image_find(runtime->store, options->command[0], &image, error))
                                return false;
                        if (!before_update(path, name, options->name, image->id, error))
                                return false;
                }
        return true;
}

JsonArray *volume_snapshots_json(const Volume *volume) {
        g_autoptr(GPtrArray) list = volume_snapshots(volume, NULL);
        JsonArray *array = json_array_new();
        for (guint i = 0; list && i < list->len; i++) {
                const Snapshot *s = list->pdata[i];
                JsonObject *object = json_object_new();
                g_autofree char *created = text_format_time(s->created_nsec);
                json_object_set_string_member(object, "Id", s->id);
                json_object_set_string_member(object, "CreatedAt", created);
                json_object_set_string_member(object, "Kind", s->is_archive ? "tar" : "reflink");
                json_object_set_string_member(object, "Image", s->image ? s->image : "");
                json_object_set_string_member(
                                object, "Container", s->container ? s->container : "");
                json_array_add_object_element(array, object);
        }
        return array;
}
