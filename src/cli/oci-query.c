/* SPDX-License-Identifier: Apache-2.0 */
/* berth-oci state, list, ps, events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cgroup-values.h"
#include "cli/exit.h"
#include "cli/oci.h"
#include "cli/table.h"
#include "runtime/cgroup-manager.h"
#include "runtime/oci-container.h"

typedef struct QueryFlags {
        char *format;
        bool quiet, stats;
        char *interval;
} QueryFlags;

#define AT(member) offsetof(QueryFlags, member)

int oci_verb_state(int argc, char **argv) {
        g_autoptr(GError) error = NULL;
        const char *root = oci_global()->root;
        const char *id;
        int status;
        if (!oci_begin_id("berth-oci state ID", "Print a container's state", argc, argv, &id,
                          &status))
                return status;
        g_autoptr(OciState) state = oci_state_load(root, id, &error);
        g_autoptr(OciSpec) spec = state ? oci_state_load_spec(root, id, &error) : NULL;
        if (!spec)
                return oci_fail(&error);
        g_autofree char *text = oci_state_format(state, spec, oci_state_status(state), true);
        printf("%s\n", text);
        return EXIT_STATUS_OK;
}

static void list_json(char **ids, const char *root) {
        printf("[");
        bool first = true;
        for (char **id = ids; *id; id++) {
                g_autoptr(OciState) state = oci_state_load(root, *id, NULL);
                g_autoptr(OciSpec) spec = state ? oci_state_load_spec(root, *id, NULL) : NULL;
                if (!spec)
                        continue; /* on its way in or out */
                g_autofree char *text =
                                oci_state_format(state, spec, oci_state_status(state), true);
                printf("%s%s", first ? "" : ",", text);
                first = false;
        }
        printf("]\n");
}

static void list_table(char **ids, const char *root) {
        printf("%-40s %-10s %-10s %-40s %-32s %s\n", "ID", "PID", "STATUS", "BUNDLE", "CREATED",
               "OWNER");
        for (char **id = ids; *id; id++) {
                g_autoptr(OciState) state = oci_state_load(root, *id, NULL);
                if (!state)
                        continue;
                OciStatus status = oci_state_status(state);
                printf("%-40s %-10d %-10s %-40s %-32s %u\n", *id,
                       status == OCI_STATUS_STOPPED ? 0 : (int) state->pid,
                       oci_status_to_text(status), state->bundle, state->created,
                       (unsigned int) state->owner);
        }
}

int oci_verb_list(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "format", 'f', OPTION_STRING, AT(format), "FORMAT", "table or json" },
                { "quiet", 'q', OPTION_BOOL, AT(quiet), NULL, "Ids only" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth-oci list [options]",
                .description = "List containers",
                .rows = rows,
        };
        QueryFlags flags = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        if (!oci_begin(&table, argc, argv, &flags, &operands, &status))
                return status;
        const char *root = oci_global()->root;
        g_auto(GStrv) ids = oci_state_list(root, &error);
        if (!ids)
                return oci_fail(&error);
        if (flags.quiet)
                for (char **id = ids; *id; id++)
                        printf("%s\n", *id);
        else if (g_strcmp0(flags.format, "json") == 0)
                list_json(ids, root);
        else
                list_table(ids, root);
        return EXIT_STATUS_OK;
}

/* The lines of ps(1) whose second column is one of ours. */
static bool print_ps(const GArray *pids, char **arguments, GError **error) {
        static const char *const standard[] = { "ps", "-ef", NULL };
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_strv_builder_add(builder, "ps");
        g_strv_builder_addv(builder, (const char **) arguments);
        g_auto(GStrv) given = g_strv_builder_end(builder);
        g_autofree char *out = NULL;
        if (!g_spawn_sync(NULL, arguments[0] ? given : (char **) standard, NULL,
                          G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, NULL, error))
                return false;
        g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
        int column = -1;
        for (char **line = lines; *line && **line; line++) {
                int at = 0;
                g_auto(GStrv) words = g_strsplit_set(*line, " \t", -1);
                for (char **word = words; *word; word++) {
                        if (!**word)
                                continue;
                        if (line == lines && strcmp(*word, "PID") == 0)
                                column = at;
                        for (guint i = 0; line != lines && at == column && i < pids->len; i++)
                                if (atoi(*word) == g_array_index(pids, pid_t, i))
                                        printf("%s\n", *line);
                        at++;
                }
                if (line == lines)
                        printf("%s\n", *line);
        }
        return column >= 0 || error_set_invalid(error, "ps(1) printed no column PID");
}

int oci_verb_ps(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "format", 'f', OPTION_STRING, AT(format), "FORMAT", "table or json" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth-oci ps [options] ID [PS-OPTION...]",
                .description = "List a container's processes",
                .rows = rows,
                .stop_at_operand = true,
                .operands_min = 1,
                .operands_max = -1,
        };
        QueryFlags flags = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        if (!oci_begin(&table, argc, argv, &flags, &operands, &status))
                return status;
        g_autoptr(OciState) state = oci_state_load(oci_global()->root, operands[0], &error);
        g_autoptr(GArray) pids = state ? cgroup_processes(state->cgroup, &error) : NULL;
        if (!pids)
                return oci_fail(&error);
        if (g_strcmp0(flags.format, "json") != 0)
                return print_ps(pids, operands + 1, &error) ? EXIT_STATUS_OK : oci_fail(&error);
        printf("[");
        for (guint i = 0; i < pids->len; i++)
                printf("%s%d", i ? "," : "", (int) g_array_index(pids, pid_t, i));
        printf("]\n");
        return EXIT_STATUS_OK;
}

static uint64_t single(const char *cgroup, const char *file) {
        uint64_t value = 0;
        (void) cgroup_number(cgroup, file, &value); /* without the controller: 0 */
        return value;
}

static JsonObject *cpu_stats(const char *cgroup) {
        g_autofree char *text = cgroup_read(cgroup, "cpu.stat");
        JsonObject *usage = json_object_new(), *throttling = json_object_new();
        json_object_set_int_member(
                        usage, "total", (int64_t) cgroup_keyed(text, "usage_usec") * 1000);
        json_object_set_int_member(
                        usage, "kernel", (int64_t) cgroup_keyed(text, "system_usec") * 1000);
        json_object_set_int_member(usage, "user", (int64_t) cgroup_keyed(text, "user_usec") * 1000);
        json_object_set_int_member(
                        throttling, "periods", (int64_t) cgroup_keyed(text, "nr_periods"));
        json_object_set_int_member(
                        throttling, "throttledPeriods",
                        (int64_t) cgroup_keyed(text, "nr_throttled"));
        json_object_set_int_member(
                        throttling, "throttledTime",
                        (int64_t) cgroup_keyed(text, "throttled_usec") * 1000);
        JsonObject *cpu = json_object_new();
        json_object_set_object_member(cpu, "usage", usage);
        json_object_set_object_member(cpu, "throttling", throttling);
        return cpu;
}

static JsonObject *memory_stats(const char *cgroup) {
        JsonObject *usage = json_object_new(), *memory = json_object_new(),
                   *raw = json_object_new();
        g_autofree char *text = cgroup_read(cgroup, "memory.stat");
        g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
        json_object_set_int_member(usage, "usage", (int64_t) single(cgroup, "memory.current"));
        uint64_t limit = single(cgroup, "memory.max");
        json_object_set_int_member(usage, "limit", (int64_t) MIN(limit, (uint64_t) INT64_MAX));
        for (char **line = lines; *line; line++) {
                char *space = strchr(*line, ' ');
                if (!space)
                        continue;
                *space = '\0';
                json_object_set_int_member(
                                raw, *line, (int64_t) g_ascii_strtoull(space + 1, NULL, 10));
        }
        json_object_set_object_member(memory, "usage", usage);
        json_object_set_object_member(memory, "raw", raw);
        return memory;
}

static void print_stats(const OciState *state) {
        JsonObject *data = json_object_new(), *pids = json_object_new();
        json_object_set_int_member(
                        pids, "current", (int64_t) single(state->cgroup, "pids.current"));
        uint64_t limit = single(state->cgroup, "pids.max");
        json_object_set_int_member(pids, "limit", limit == UINT64_MAX ? 0 : (int64_t) limit);
        json_object_set_object_member(data, "cpu", cpu_stats(state->cgroup));
        json_object_set_object_member(data, "memory", memory_stats(state->cgroup));
        json_object_set_object_member(data, "pids", pids);
        json_object_set_object_member(data, "blkio", json_object_new());
        json_object_set_object_member(data, "hugetlb", json_object_new());
        g_autoptr(JsonObject) event = json_object_new();
        json_object_set_string_member(event, "type", "stats");
        json_object_set_string_member(event, "id", state->id);
        json_object_set_object_member(event, "data", data);
        g_autofree char *text = json_format_object(event, false);
        printf("%s\n", text);
        fflush(stdout);
}

int oci_verb_events(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "stats", 0, OPTION_BOOL, AT(stats), NULL, "Once, and end" },
                { "interval", 0, OPTION_STRING, AT(interval), "TIME", "Between two, 5s" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth-oci events [options] ID",
                .description = "Print what a container uses",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        QueryFlags flags = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        uint64_t interval_usec = 5 * G_USEC_PER_SEC;
        if (!oci_begin(&table, argc, argv, &flags, &operands, &status))
                return status;
        if (flags.interval &&
            (!text_parse_duration(flags.interval, &interval_usec) || interval_usec == 0)) {
                error_set_invalid(&error, "invalid interval '%s'", flags.interval);
                return oci_fail(&error);
        }
        for (;;) {
                g_autoptr(OciState) state = oci_state_load(oci_global()->root, operands[0], &error);
                if (!state)
                        return oci_fail(&error);
                if (oci_state_status(state) == OCI_STATUS_STOPPED) {
                        error_set_invalid(&error, "container not running");
                        return oci_fail(&error);
                }
                print_stats(state);
                if (flags.stats)
                        return EXIT_STATUS_OK;
                g_usleep(interval_usec);
        }
}
