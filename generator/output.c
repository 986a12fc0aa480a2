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
#include "generator/convert.h"
#include "generator/health.h"
#include "generator/install.h"
#include "generator/loud.h"

static void file_free(gpointer data) {
        OutputFile *file = data;
        g_free(file->name);
        g_free(file->text);
        g_free(file);
}

void output_free(Output *output) {
        if (!output)
                return;
        g_ptr_array_unref(output->files);
        g_ptr_array_unref(output->links);
        g_free(output);
}

static void add_file(Output *output, const char *name, const UnitFile *unit) {
        OutputFile *file = g_new0(OutputFile, 1);
        file->name = g_strdup(name);
        file->text = unit_file_format(unit);
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
        add_file(output, health.service_name, health.service);
        add_file(output, health.timer_name, health.timer);
        /* a link instead of Wants= in the unit: a user's empty Wants= must not switch checks off */
        add_link(output, g_strdup_printf("%s.wants/%s", q->service, health.timer_name),
                 g_strconcat("../", health.timer_name, NULL));
}

static void add_unit(Output *output, Quadlet *q) {
        bool good = quadlet_convert(q);
        if (!good)
                output->n_failed++;
        if (q->clashes)
                return;
        g_autoptr(UnitFile) loud = good ? NULL : loud_unit(q);
        add_file(output, q->service, good ? q->unit : loud);
        if (good)
                add_health(output, q);
        g_autoptr(GPtrArray) links = install_links(q);
        g_ptr_array_extend_and_steal(output->links, g_steal_pointer(&links));
}

Output *output_make(QuadletSet *set) {
        Output *output = g_new0(Output, 1);
        output->files = g_ptr_array_new_with_free_func(file_free);
        output->links = g_ptr_array_new_with_free_func(install_link_free);
        for (guint i = 0; i < set->items->len; i++)
                add_unit(output, set->items->pdata[i]);
        return output;
}

static bool make_parent(int folder_fd, const char *name, GError **error) {
        if (!strchr(name, '/'))
                return true;
        g_autofree char *parent = g_path_get_dirname(name);
        return file_make_directories(folder_fd, parent, 0755, error);
}

static bool write_link(int folder_fd, const InstallLink *link, GError **error) {
        if (!make_parent(folder_fd, link->path, error))
                return false;
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

static void report(Diagnostics *diagnostics, const char *folder, const char *name, GError *error) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, "output", path, 0, 0, NULL, "%s",
                        error->message);
}

void output_write(const Output *output, const char *folder, Diagnostics *diagnostics) {
        g_autoptr(GError) error = NULL;
        autofd int folder_fd = -1;
        if (file_make_directories(AT_FDCWD, folder, 0755, &error)) {
                folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (folder_fd < 0)
                        error_set_errno(&error, errno, "Cannot open folder '%s'", folder);
        }
        if (error) {
                report(diagnostics, folder, "", error);
                return;
        }
        for (guint i = 0; i < output->files->len; i++) {
                const OutputFile *file = output->files->pdata[i];
                g_autoptr(GError) e = NULL;
                if (!make_parent(folder_fd, file->name, &e) ||
                    !file_replace(folder_fd, file->name, file->text, strlen(file->text), 0644,
                                  FILE_VOLATILE, &e))
                        report(diagnostics, folder, file->name, e);
        }
        for (guint i = 0; i < output->links->len; i++) {
                const InstallLink *link = output->links->pdata[i];
                g_autoptr(GError) e = NULL;
                if (!write_link(folder_fd, link, &e))
                        report(diagnostics, folder, link->path, e);
        }
}
