/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting what a run makes, and writing it: readers, and another generator at the same time, see
 * every file either old or new. */
#include "generator/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "build-config.h"
#include "generator/convert.h"
#include "generator/health.h"
#include "generator/install.h"
#include "generator/loud.h"
#include "generator/parallel.h"
#include "generator/stub.h"

#define NETWORK_WAIT       "berth-user-wait-network-online.service"
#define NETWORK_WAIT_ALIAS "podman-user-wait-network-online.service"

static void file_free(gpointer data) {
        OutputFile *file = data;
        g_free(file->name);
        unit_file_free(file->unit);
        g_free(file);
}

void output_free(Output *output) {
        if (!output)
                return;
        g_ptr_array_unref(output->files);
        g_ptr_array_unref(output->links);
        g_free(output);
}

/* Takes the unit. */
static void add_file(Output *output, const char *name, UnitFile *unit) {
        OutputFile *file = g_new0(OutputFile, 1);
        file->name = g_strdup(name);
        file->unit = unit;
        g_ptr_array_add(output->files, file);
}

static void add_link(Output *output, char *path, char *target) {
        InstallLink *link = g_new0(InstallLink, 1);
        link->path = path;
        link->target = target;
        g_ptr_array_add(output->links, link);
}

static bool is_taken(const QuadletSet *set, const char *service) {
        for (guint i = 0; i < set->items->len; i++)
                if (strcmp(((Quadlet *) set->items->pdata[i])->service, service) == 0)
                        return true;
        return false;
}

static void add_health(Output *output, Quadlet *q) {
        g_auto(HealthUnits) health = { 0 };
        if (!health_units_make(q, &health))
                return;
        if (is_taken(q->set, health.service_name)) {
                quadlet_warn(q, quadlet_line(q, "HealthCmd"), "duplicate-service", NULL,
                             "No units for the health check: %s is made from another file",
                             health.service_name);
                return;
        }
        add_file(output, health.service_name, g_steal_pointer(&health.service));
        add_file(output, health.timer_name, g_steal_pointer(&health.timer));
        /* a link instead of Wants= in the unit: a user's empty Wants= must not switch checks off */
        add_link(output, g_strdup_printf("%s.wants/%s", q->service, health.timer_name),
                 g_strconcat("../", health.timer_name, NULL));
}

/* Takes the unit. Where a stub is, the unit is all but its [Install], as a drop-in of the stub. */
static void add_service(Output *output, const Quadlet *q, UnitFile *unit, bool stub) {
        if (!stub) {
                add_file(output, q->service, unit);
                return;
        }
        unit_file_remove_section(unit, "Install");
        g_autofree char *name = g_strconcat(q->service, ".d/" STUB_DROP_IN, NULL);
        add_file(output, name, unit);
}

static void add_unit(Output *output, Quadlet *q) {
        bool good = quadlet_convert(q);
        if (!good)
                output->n_failed++;
        if (q->unwritable)
                return;
        UnitFile *unit = good ? g_steal_pointer(&q->unit) : loud_unit(q);
        bool stub = q->set->stubs && g_hash_table_contains(q->set->stubs, q->service);
        add_service(output, q, unit, stub);
        if (good)
                add_health(output, q);
        if (stub)
                return; /* systemctl makes and removes the links */
        g_autoptr(GPtrArray) links = install_links(q);
        g_ptr_array_extend_and_steal(output->links, g_steal_pointer(&links));
}

static void add_watches(Output *output, const QuadletSet *set) {
        if (!set->nested || set->nested->len == 0)
                return;
        UnitFile *unit = unit_file_new("berth-units.path");
        g_ptr_array_add(unit_file_ensure(unit, NULL)->lines,
                        unit_line_new(unit, NULL, OUTPUT_MARK));
        for (guint i = 0; i < set->nested->len; i++) {
                /* a path with a specifier in it would mean another one */
                g_auto(GStrv) parts = g_strsplit(set->nested->pdata[i], "%", -1);
                g_autofree char *path = g_strjoinv("%%", parts);
                unit_file_add(unit, "Path", "PathChanged", path);
        }
        add_file(output, "berth-units.path.d/" STUB_DROP_IN, unit);
}

static void convert_independent(guint i, void *data) {
        Quadlet *q = ((QuadletSet *) data)->items->pdata[i];
        if (quadlet_is_independent(q))
                (void) quadlet_convert(q); /* add_unit() asks again */
}

Output *output_make(QuadletSet *set) {
        Output *output = g_new0(Output, 1);
        output->files = g_ptr_array_new_with_free_func(file_free);
        output->links = g_ptr_array_new_with_free_func(install_link_free);
        parallel_for(set->items->len, convert_independent, set);
        for (guint i = 0; i < set->items->len; i++)
                add_unit(output, set->items->pdata[i]);
        add_watches(output, set);
        return output;
}

/* made: the parents that are known to be there. */
static void make_parent(int folder_fd, GHashTable *made, const char *name) {
        if (!strchr(name, '/'))
                return;
        g_autofree char *parent = g_path_get_dirname(name);
        if (!g_hash_table_contains(made, parent) &&
            file_make_directories(folder_fd, parent, 0755, NULL))
                g_hash_table_add(made, g_steal_pointer(&parent));
}

static bool write_link(int folder_fd, const InstallLink *link, GError **error) {
        if (symlinkat(link->target, folder_fd, link->path) == 0)
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
               linkat(fd, "", folder_fd, name, AT_EMPTY_PATH) == 0;
}

static void report(Diagnostics *diagnostics, const char *folder, const char *name, GError **error) {
        if (!*error)
                return;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, "output", path, 0, 0, NULL, "%s",
                        (*error)->message);
        g_clear_error(error);
}

typedef struct Write {
        const Output *output;
        int folder_fd;
        GError **file_errors;
        GError **link_errors;
} Write;

/* The i-th file and the i-th link, in turns: they lie in different folders, and two threads do not
 * wait for the lock of one. */
static void write_pair(guint i, void *data) {
        Write *write = data;
        if (i < write->output->files->len) {
                const OutputFile *file = write->output->files->pdata[i];
                g_autofree char *text = unit_file_format(file->unit);
                if (!write_new(write->folder_fd, file->name, text))
                        (void) file_replace(
                                        write->folder_fd, file->name, text, strlen(text), 0644,
                                        FILE_VOLATILE, &write->file_errors[i]);
        }
        if (i < write->output->links->len)
                (void) write_link(
                                write->folder_fd, write->output->links->pdata[i],
                                &write->link_errors[i]);
}

static void make_parents(const Output *output, int folder_fd) {
        g_autoptr(GHashTable) made = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        /* a failure is told by what is to be written there */
        for (guint i = 0; i < output->files->len; i++)
                make_parent(folder_fd, made, ((OutputFile *) output->files->pdata[i])->name);
        for (guint i = 0; i < output->links->len; i++)
                make_parent(folder_fd, made, ((InstallLink *) output->links->pdata[i])->path);
}

static void
write_all(const Output *output, const char *folder, int folder_fd, Diagnostics *diagnostics) {
        make_parents(output, folder_fd);
        g_autofree GError **file_errors = g_new0(GError *, output->files->len + 1);
        g_autofree GError **link_errors = g_new0(GError *, output->links->len + 1);
        Write write = { output, folder_fd, file_errors, link_errors };
        parallel_for(MAX(output->files->len, output->links->len), write_pair, &write);
        for (guint i = 0; i < output->files->len; i++)
                report(diagnostics, folder, ((OutputFile *) output->files->pdata[i])->name,
                       &file_errors[i]);
        for (guint i = 0; i < output->links->len; i++)
                report(diagnostics, folder, ((InstallLink *) output->links->pdata[i])->path,
                       &link_errors[i]);
}

void output_write(const Output *output, const char *folder, Diagnostics *diagnostics) {
        g_autoptr(GError) error = NULL;
        autofd int folder_fd = -1;
        if (file_make_directories(AT_FDCWD, folder, 0755, &error)) {
                folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (folder_fd < 0)
                        error_set_errno(&error, errno, "Cannot open folder '%s'", folder);
        }
        if (error)
                report(diagnostics, folder, "", &error);
        else
                write_all(output, folder, folder_fd, diagnostics);
}

void output_write_late(const QuadletSet *set, const char *folder, Diagnostics *diagnostics) {
        InstallLink link = { (char *) NETWORK_WAIT_ALIAS,
                             (char *) BERTH_USERUNITDIR "/" NETWORK_WAIT };
        g_autoptr(GError) error = NULL;
        autofd int folder_fd = -1;
        if (!set->user || set->items->len == 0)
                return;
        if (file_make_directories(AT_FDCWD, folder, 0755, &error)) {
                folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (folder_fd < 0)
                        error_set_errno(&error, errno, "Cannot open folder '%s'", folder);
                else
                        (void) write_link(folder_fd, &link, &error); /* error is set */
        }
        report(diagnostics, folder, link.path, &error);
}

void output_print(const Output *output) {
        for (guint i = 0; i < output->files->len; i++) {
                const OutputFile *file = output->files->pdata[i];
                g_autofree char *text = unit_file_format(file->unit);
                printf("---%s---\n%s\n", file->name, text);
        }
}
