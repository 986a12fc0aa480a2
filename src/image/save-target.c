/* SPDX-License-Identifier: Apache-2.0 */
/* Files of an image on their way out. */
#include "image/save-target.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "image/tar-writer.h"

struct SaveTarget {
        TarWriter *tar; /* NULL: a directory */
        int dir_fd, file_fd;
        int64_t left;
        GPtrArray *written; /* names in the directory */
};

static SaveTarget *target_new(void) {
        SaveTarget *target = g_new0(SaveTarget, 1);
        target->dir_fd = target->file_fd = -1;
        target->written = g_ptr_array_new_with_free_func(g_free);
        return target;
}

SaveTarget *save_target_new_archive(int fd) {
        SaveTarget *target = target_new();
        target->tar = tar_writer_new(fd);
        return target;
}

SaveTarget *save_target_new_directory(const char *path, GError **error) {
        g_autoptr(SaveTarget) target = target_new();
        g_autoptr(GDir) dir = NULL;
        if (!file_make_directories(AT_FDCWD, path, 0755, error) ||
            !(dir = g_dir_open(path, 0, error)))
                return NULL;
        if (g_dir_read_name(dir)) {
                error_set_invalid(error, "Cannot save to '%s': the directory is not empty", path);
                return NULL;
        }
        target->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (target->dir_fd < 0) {
                error_set_errno(error, errno, "Cannot write '%s'", path);
                return NULL;
        }
        return g_steal_pointer(&target);
}

void save_target_free(SaveTarget *target) {
        if (!target)
                return;
        tar_writer_free(target->tar);
        fd_close(&target->dir_fd);
        fd_close(&target->file_fd);
        g_ptr_array_unref(target->written);
        g_free(target);
}

bool save_target_begin(SaveTarget *target, const char *name, int64_t size, GError **error) {
        if (target->tar)
                return tar_writer_begin(target->tar, name, size, error);
        g_autofree char *directory = g_path_get_dirname(name);
        if (!file_make_directories(target->dir_fd, directory, 0755, error))
                return false;
        target->file_fd =
                        openat(target->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (target->file_fd < 0)
                return error_set_errno(error, errno, "Cannot write '%s'", name);
        g_ptr_array_add(target->written, g_strdup(name));
        target->left = size;
        return true;
}

bool save_target_bytes(SaveTarget *target, const void *bytes, size_t size, GError **error) {
        if (target->tar)
                return tar_writer_bytes(target->tar, bytes, size, error);
        if ((int64_t) size > target->left)
                return error_set_invalid(error, "a layer is larger than its record says");
        target->left -= (int64_t) size;
        int r = fd_write_all(target->file_fd, bytes, size);
        return r >= 0 || error_set_errno(error, r, "Cannot write to the directory");
}

bool save_target_end(SaveTarget *target, GError **error) {
        if (target->tar)
                return tar_writer_end(target->tar, error);
        fd_close(&target->file_fd);
        return target->left == 0 ||
               error_set_invalid(error, "a layer is smaller than its record says");
}

bool save_target_file(SaveTarget *target, const char *name, GBytes *bytes, GError **error) {
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        return save_target_begin(target, name, (int64_t) size, error) &&
               save_target_bytes(target, data, size, error) && save_target_end(target, error);
}

bool save_target_finish(SaveTarget *target, GError **error) {
        return !target->tar || tar_writer_finish(target->tar, error);
}

void save_target_drop(SaveTarget *target) {
        for (guint i = 0; i < target->written->len; i++)
                (void) unlinkat(target->dir_fd, target->written->pdata[i], 0);
}
