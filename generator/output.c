/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting what a run makes. */
#include "generator/output.h"

#include <stdio.h>
#include <string.h>

#include "generator/convert.h"
#include "generator/health.h"
#include "generator/install.h"
#include "generator/loud.h"
#include "generator/output-write.h"
#include "generator/parallel.h"
#include "generator/socket.h"
#include "generator/stub.h"

#define POD_DROP_IN "20-berth-pod.conf" /* after the one of a stub */

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

/* Takes the unit. */
static void add_file(Output *output, const char *name, UnitFile *unit) {
        OutputFile *file = g_new0(OutputFile, 1);
        file->name = g_strdup(name);
        file->text = unit_file_format(unit);
        unit_file_free(unit);
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

static void add_sockets(Output *output, Quadlet *q) {
        g_auto(SocketUnits) sockets = { 0 };
        if (!socket_units_make(q, &sockets))
                return;
        add_file(output, sockets.socket_name, g_steal_pointer(&sockets.socket));
        add_file(output, sockets.forward_name, g_steal_pointer(&sockets.forward));
        add_link(output, g_strdup_printf("%s.wants/%s", q->service, sockets.forward_name),
                 g_strconcat("../", sockets.forward_name, NULL));
        g_autoptr(GPtrArray) targets = quadlet_section_words(q, "Install", "WantedBy");
        for (guint i = 0; i < targets->len && !quadlet_is_template(q); i++)
                if (socket_is_wanted_by(q, quadlet_value_text(targets, i)))
                        add_link(output,
                                 g_strconcat(SOCKETS_TARGET ".wants/", sockets.socket_name, NULL),
                                 g_strconcat("../", sockets.socket_name, NULL));
}

/* A pod has no process whose pid a file could hold, which is what Quadlet's unit waits for: the
 * lines that say so stay as Quadlet's users know them, and this says what holds. */
static void add_pod_type(Output *output, const Quadlet *q) {
        UnitFile *unit = unit_file_new(q->path);
        g_ptr_array_add(unit_file_ensure(unit, NULL)->lines,
                        unit_line_new(unit, NULL, OUTPUT_MARK));
        unit_file_add(unit, "Service", "Type", "oneshot");
        unit_file_add(unit, "Service", "RemainAfterExit", "yes");
        unit_file_add(unit, "Service", "PIDFile", "");
        g_autofree char *name = g_strconcat(q->service, ".d/" POD_DROP_IN, NULL);
        add_file(output, name, unit);
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
        if (good)
                add_sockets(output, q);
        if (good && q->type->kind == QUADLET_POD)
                add_pod_type(output, q);
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

typedef struct Making {
        QuadletSet *set;
        Output **parts;       /* by item; NULL: not yet made */
        OutputWriter *writer; /* NULL: nothing is written */
} Making;

static Output *output_new(void) {
        Output *output = g_new0(Output, 1);
        output->files = g_ptr_array_new_with_free_func(file_free);
        output->links = g_ptr_array_new_with_free_func(install_link_free);
        return output;
}

static void make_part(guint i, Making *making) {
        making->parts[i] = output_new();
        add_unit(making->parts[i], making->set->items->pdata[i]);
}

/* Files and links lie in different folders, and two threads that write do not wait for the lock of
 * one: the links go with the making, the files with the calling thread. */
static void make_independent(guint i, void *data) {
        Making *making = data;
        if (!quadlet_is_independent(making->set->items->pdata[i]))
                return;
        make_part(i, making);
        if (making->writer)
                output_writer_put_links(making->writer, making->parts[i]);
}

static void write_files(guint i, void *data) {
        Making *making = data;
        if (making->writer && making->parts[i])
                output_writer_put_files(making->writer, making->parts[i]);
}

/* Those that name other units look at them, and change them. */
static void make_dependent(guint i, Making *making) {
        if (making->parts[i])
                return;
        make_part(i, making);
        if (making->writer) {
                output_writer_put_links(making->writer, making->parts[i]);
                output_writer_put_files(making->writer, making->parts[i]);
        }
}

/* Takes the part. */
static void join_part(Output *output, Output *part) {
        g_ptr_array_extend_and_steal(output->files, part->files);
        g_ptr_array_extend_and_steal(output->links, part->links);
        output->n_failed += part->n_failed;
        g_free(part);
}

static Output *make(QuadletSet *set, OutputWriter *writer) {
        guint n = set->items->len;
        g_autofree Output **parts = g_new0(Output *, n + 1);
        Making making = { set, parts, writer };
        parallel_pipe(n, make_independent, write_files, &making);
        for (guint i = 0; i < n; i++)
                make_dependent(i, &making);
        parts[n] = output_new();
        add_watches(parts[n], set);
        write_files(n, &making);
        Output *output = output_new();
        for (guint i = 0; i <= n; i++)
                join_part(output, parts[i]);
        return output;
}

Output *output_make(QuadletSet *set) {
        return make(set, NULL);
}

Output *output_make_into(QuadletSet *set, const char *folder) {
        bool watches = set->nested && set->nested->len > 0;
        if (set->items->len == 0 && !watches)
                return make(set, NULL); /* not even the folder is needed */
        g_autoptr(OutputWriter) writer = output_writer_new(folder, set->diagnostics);
        return make(set, writer);
}

void output_print(const Output *output) {
        for (guint i = 0; i < output->files->len; i++) {
                const OutputFile *file = output->files->pdata[i];
                printf("---%s---\n%s\n", file->name, file->text);
        }
}
