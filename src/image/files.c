/* SPDX-License-Identifier: Apache-2.0 */
/* Directories and archives as sets of files. */
#include "image/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "image/inflate.h"
#include "image/tar.h"

#define LINKS_MAX   16
#define BUFFER_SIZE (256u << 10)

typedef struct Member {
        char *link;          /* of a link: the cleaned name it means */
        unsigned int number; /* else the name of its file */
} Member;

struct Files {
        int dir_fd; /* owned only for directories */
        bool archive;
        GHashTable *members; /* cleaned name -> Member */
        unsigned int n_files;
        Inflater *inflater;
        TarReader *tar;
        int out_fd;
};

static void member_free(gpointer data) {
        Member *member = data;
        g_free(member->link);
        g_free(member);
}

/* "./a//b/../c" -> "a/c", never above the top. */
static char *clean(const char *directory, const char *name) {
        g_autofree char *joined = g_strconcat("/", directory, "/", name, NULL);
        g_autofree char *full = g_canonicalize_filename(joined, "/");
        return g_strdup(full + strspn(full, "/"));
}

static bool on_raw(void *data, const void *bytes, size_t size, GError **error) {
        return true;
}

static bool on_header(void *data, const TarEntry *entry, GError **error) {
        Files *files = data;
        g_autofree char *name = clean("", entry->name);
        if (entry->kind != TAR_REGULAR && entry->kind != TAR_SYMLINK && entry->kind != TAR_HARDLINK)
                return true;
        if (g_hash_table_size(files->members) >= ARCHIVE_FILES_MAX)
                return error_set_invalid(
                                error, "the archive has more than %d files", ARCHIVE_FILES_MAX);
        Member *member = g_new0(Member, 1);
        if (entry->kind == TAR_HARDLINK)
                member->link = clean("", entry->link);
        if (entry->kind == TAR_SYMLINK) {
                g_autofree char *directory = g_path_get_dirname(name);
                member->link = clean(directory, entry->link);
        }
        member->number = files->n_files;
        g_hash_table_replace(files->members, g_steal_pointer(&name), member);
        if (entry->kind != TAR_REGULAR)
                return true;
        g_autofree char *number = g_strdup_printf("f%u", files->n_files++);
        files->out_fd = openat(
                        files->dir_fd, number, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        return files->out_fd >= 0 || error_set_errno(error, errno, "Cannot unpack the archive");
}

static bool on_body(void *data, const void *bytes, size_t size, GError **error) {
        Files *files = data;
        int r = fd_write_all(files->out_fd, bytes, size);
        return r >= 0 || error_set_errno(error, r, "Cannot unpack the archive");
}

static bool on_end(void *data, const TarEntry *entry, GError **error) {
        fd_close(&((Files *) data)->out_fd);
        return true;
}

static const TarSink sink = { on_raw, on_header, on_body, on_end };

static bool on_plain(void *data, const void *bytes, size_t size, GError **error) {
        return tar_reader_push(((Files *) data)->tar, bytes, size, error);
}

Files *files_open_directory(const char *path, GError **error) {
        g_autoptr(Files) files = g_new0(Files, 1);
        files->out_fd = -1;
        files->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (files->dir_fd < 0) {
                error_set_errno(error, errno, "Cannot open directory '%s'", path);
                return NULL;
        }
        return g_steal_pointer(&files);
}

Files *files_new_archive(int scratch_fd) {
        Files *files = g_new0(Files, 1);
        files->archive = true;
        files->dir_fd = scratch_fd;
        files->out_fd = -1;
        files->members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, member_free);
        files->tar = tar_reader_new(&sink, files);
        files->inflater = inflater_new(on_plain, files);
        return files;
}

void files_free(Files *files) {
        if (!files)
                return;
        if (!files->archive)
                fd_close(&files->dir_fd);
        fd_close(&files->out_fd);
        g_clear_pointer(&files->members, g_hash_table_unref);
        inflater_free(files->inflater);
        tar_reader_free(files->tar);
        g_free(files);
}

bool files_push(Files *files, const void *bytes, size_t size, GError **error) {
        return inflater_push(files->inflater, bytes, size, error);
}

bool files_push_end(Files *files, GError **error) {
        return inflater_finish(files->inflater, error) && tar_reader_finish(files->tar, error);
}

bool files_push_file(Files *files, int fd, GError **error) {
        g_autofree char *buffer = g_malloc(BUFFER_SIZE);
        for (;;) {
                ssize_t n = read(fd, buffer, BUFFER_SIZE);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(error, errno, "Cannot read the archive");
                if (n == 0)
                        return files_push_end(files, error);
                if (!files_push(files, buffer, (size_t) n, error))
                        return false;
        }
}

/* The member that a name leads to over links, or NULL. */
static const Member *find(Files *files, const char *name) {
        g_autofree char *cleaned = clean("", name);
        const Member *member = g_hash_table_lookup(files->members, cleaned);
        for (int i = 0; member && member->link; i++) {
                if (i >= LINKS_MAX)
                        return NULL;
                member = g_hash_table_lookup(files->members, member->link);
        }
        return member;
}

bool files_has(Files *files, const char *name) {
        if (files->archive)
                return find(files, name);
        autofd int fd = files_open(files, name, NULL);
        return fd >= 0;
}

int files_open(Files *files, const char *name, GError **error) {
        g_autofree char *number = NULL;
        const char *path = name;
        if (files->archive) {
                const Member *member = find(files, name);
                if (!member) {
                        error_set_errno(error, ENOENT, "The archive has no '%s'", name);
                        return -1;
                }
                path = number = g_strdup_printf("f%u", member->number);
        }
        int fd = sys_open_in_root(files->dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
        struct stat st;
        if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
                fd_close(&fd);
                fd = -EINVAL;
        }
        if (fd < 0) {
                error_set_errno(error, fd, "Cannot open '%s'", name);
                return -1;
        }
        return fd;
}

bool files_read(Files *files, const char *name, size_t limit, GBytes **ret_bytes, GError **error) {
        autofd int fd = files_open(files, name, error);
        return fd >= 0 && file_read_fd(fd, name, limit, ret_bytes, error);
}
