/* SPDX-License-Identifier: Apache-2.0 */
/* Writing what a run makes: readers, and another generator at the same time, see every file either
 * old or new. */
#include "generator/output-write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "build-config.h"
#include "generator/install.h"

#define NETWORK_WAIT       "berth-user-wait-network-online.service"
#define NETWORK_WAIT_ALIAS "podman-user-wait-network-online.service"

struct OutputWriter {
        const char *folder;       /* borrowed */
        Diagnostics *diagnostics; /* borrowed */
        GMutex mutex;             /* of diagnostics */
        int folder_fd;            /* -1: the folder cannot be had, and that was said */
};

/* Parents are made when they are found missing: nearly all files lie in the folder itself, and the
 * links in one or two. */
static bool make_parent(int folder_fd, const char *name) {
        g_autofree char *parent = g_path_get_dirname(name);
        /* a failure is told by what is to be written there */
        return file_make_directories(folder_fd, parent, 0755, NULL);
}

static bool write_link(int folder_fd, const InstallLink *link, GError **error) {
        if (symlinkat(link->target, folder_fd, link->path) == 0 ||
            (errno == ENOENT && make_parent(folder_fd, link->path) &&
             symlinkat(link->target, folder_fd, link->path) == 0))
                return true;
        if (errno != EEXIST)
                return error_set_errno(error, errno, "Cannot make link '%s'", link->path);
        g_autofree char *parent = g_path_get_dirname(link->path);
        g_autofree char *base = g_path_get_basename(link->path);
        g_autofree char *temporary =
                        g_strdup_printf("%s/.tmp-%s.%08x", parent, base, g_random_int());
        if (symlinkat(link->target, folder_fd, temporary) < 0)
                return error_set_errno(error, errno, "Cannot make link '%s'", temporary);
        if (renameat(folder_fd, temporary, folder_fd, link->path) == 0)
                return true;
        int r = errno;
        (void) unlinkat(folder_fd, temporary, 0); /* the first error is the one to tell */
        return error_set_errno(error, r, "Cannot make link '%s'", link->path);
}

/* A new file appears whole by linkat(2): cheaper than a name that is changed at once. False when
 * there is a file already, or this way is closed (the kernel may want CAP_DAC_READ_SEARCH, the file
 * system may lack O_TMPFILE). */
static bool write_new(int folder_fd, const char *name, const char *text) {
        autofd int fd = openat(folder_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0644);
        return fd >= 0 && fd_write_all(fd, text, strlen(text)) >= 0 &&
               (linkat(fd, "", folder_fd, name, AT_EMPTY_PATH) == 0 ||
                (errno == ENOENT && make_parent(folder_fd, name) &&
                 linkat(fd, "", folder_fd, name, AT_EMPTY_PATH) == 0));
}

static void report(Diagnostics *diagnostics, const char *folder, const char *name, GError **error) {
        if (!*error)
                return;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, "output", path, 0, 0, NULL, "%s",
                        (*error)->message);
        g_clear_error(error);
}

static int open_folder(const char *folder, GError **error) {
        if (!file_make_directories(AT_FDCWD, folder, 0755, error))
                return -1;
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                error_set_errno(error, errno, "Cannot open folder '%s'", folder);
        return fd;
}

OutputWriter *output_writer_new(const char *folder, Diagnostics *diagnostics) {
        OutputWriter *writer = g_new0(OutputWriter, 1);
        GError *error = NULL;
        writer->folder = folder;
        writer->diagnostics = diagnostics;
        g_mutex_init(&writer->mutex);
        writer->folder_fd = open_folder(folder, &error);
        report(diagnostics, folder, "", &error);
        return writer;
}

void output_writer_free(OutputWriter *writer) {
        if (!writer)
                return;
        fd_close(&writer->folder_fd);
        g_mutex_clear(&writer->mutex);
        g_free(writer);
}

static void report_put(OutputWriter *writer, const char *name, GError **error) {
        if (!*error)
                return;
        g_mutex_lock(&writer->mutex);
        report(writer->diagnostics, writer->folder, name, error);
        g_mutex_unlock(&writer->mutex);
}

void output_writer_put_files(OutputWriter *writer, const Output *output) {
        for (guint i = 0; writer->folder_fd >= 0 && i < output->files->len; i++) {
                const OutputFile *file = output->files->pdata[i];
                GError *error = NULL;
                if (!write_new(writer->folder_fd, file->name, file->text))
                        (void) file_replace(
                                        writer->folder_fd, file->name, file->text,
                                        strlen(file->text), 0644, FILE_VOLATILE,
                                        &error); /* reported below */
                report_put(writer, file->name, &error);
        }
}

void output_writer_put_links(OutputWriter *writer, const Output *output) {
        for (guint i = 0; writer->folder_fd >= 0 && i < output->links->len; i++) {
                const InstallLink *link = output->links->pdata[i];
                GError *error = NULL;
                (void) write_link(writer->folder_fd, link, &error); /* reported below */
                report_put(writer, link->path, &error);
        }
}

void output_write_late(const QuadletSet *set, const char *folder, Diagnostics *diagnostics) {
        InstallLink link = { (char *) NETWORK_WAIT_ALIAS,
                             (char *) BERTH_USERUNITDIR "/" NETWORK_WAIT };
        g_autoptr(GError) error = NULL;
        autofd int folder_fd = -1;
        if (!set->user || set->items->len == 0)
                return;
        folder_fd = open_folder(folder, &error);
        if (folder_fd >= 0)
                (void) write_link(folder_fd, &link, &error); /* error is set */
        report(diagnostics, folder, link.path, &error);
}
