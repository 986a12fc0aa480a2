/* SPDX-License-Identifier: Apache-2.0 */
/* berth system audit UNIT: for each line of [Service], what it became and what is so. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/cgroup-manager.h"
#include "runtime/syscall-filter.h"
#include "systemd/unit-settings.h"
#include "unit/parse.h"

typedef enum Agreement {
        AGREES,
        DIFFERS,
        NOT_APPLICABLE,
} Agreement;

typedef struct Audit {
        const UnitSettings *settings;
        GHashTable *status; /* lines of /proc/PID/status, name -> value */
        guint n_filters;    /* that the unit's keys make */
        GPtrArray *findings;
} Audit;

typedef struct Finding {
        const UnitLine *line;
        const char *became;
        char *live;
        Agreement agreement;
} Finding;

static const char *status(const Audit *audit, const char *name) {
        const char *value = g_hash_table_lookup(audit->status, name);
        return value ? value : "";
}

static uint64_t status_hex(const Audit *audit, const char *name) {
        return g_ascii_strtoull(status(audit, name), NULL, 16);
}

static Agreement when(bool agrees) {
        return agrees ? AGREES : DIFFERS;
}

typedef Agreement (*Check)(const Audit *audit, const char *key, char **ret_live);

static Agreement check_no_new_privileges(const Audit *audit, const char *key, char **ret_live) {
        bool on = strcmp(status(audit, "NoNewPrivs"), "1") == 0;
        *ret_live = g_strdup_printf("NoNewPrivs: %s", status(audit, "NoNewPrivs"));
        return when(on || !audit->settings->no_new_privileges);
}

static Agreement check_bounding(const Audit *audit, const char *key, char **ret_live) {
        *ret_live = g_strdup_printf("CapBnd: %s", status(audit, "CapBnd"));
        return when((status_hex(audit, "CapBnd") & ~audit->settings->bounding) == 0);
}

static Agreement check_ambient(const Audit *audit, const char *key, char **ret_live) {
        uint64_t wanted = audit->settings->ambient & status_hex(audit, "CapBnd");
        *ret_live = g_strdup_printf(
                        "CapEff: %s, CapAmb: %s", status(audit, "CapEff"), status(audit, "CapAmb"));
        return when((status_hex(audit, "CapEff") & wanted) == wanted);
}

static Agreement check_filter(const Audit *audit, const char *key, char **ret_live) {
        const char *count = status(audit, "Seccomp_filters");
        *ret_live =
                        g_strdup_printf("Seccomp: %s, %s filters, %u of the unit",
                                        status(audit, "Seccomp"), count, audit->n_filters);
        return when(audit->n_filters == 0 || g_ascii_strtoull(count, NULL, 10) >= audit->n_filters);
}

static Agreement check_umask(const Audit *audit, const char *key, char **ret_live) {
        *ret_live = g_strdup_printf("Umask: %s", status(audit, "Umask"));
        return when(g_ascii_strtoull(status(audit, "Umask"), NULL, 8) == audit->settings->umask);
}

static Agreement check_user(const Audit *audit, const char *key, char **ret_live) {
        g_auto(GStrv) ids = g_strsplit(status(audit, "Uid"), "\t", -1);
        *ret_live = g_strdup_printf("uid %s on the host", ids[0] ? ids[0] : "?");
        return when(ids[0] && strcmp(ids[0], "0") != 0);
}

static Agreement check_limit(const Audit *audit, const char *key, char **ret_live) {
        for (int i = 0; i < RLIM_NLIMITS; i++) {
                const char *name = unit_limit_name(i);
                struct rlimit now;
                if (!name || strcmp(key + strlen("Limit"), name) != 0)
                        continue;
                if (prlimit((pid_t) audit->settings->main_pid, (__rlimit_resource_t) i, NULL,
                            &now) < 0)
                        return DIFFERS;
                *ret_live =
                                g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                                                (guint64) now.rlim_cur, (guint64) now.rlim_max);
                return when(now.rlim_cur == audit->settings->limits[i].soft &&
                            now.rlim_max == audit->settings->limits[i].hard);
        }
        return NOT_APPLICABLE;
}

/* A file of the unit's cgroup against the property's number. */
static Agreement check_cgroup(const Audit *audit, const char *key, char **ret_live) {
        const UnitSettings *s = audit->settings;
        const struct {
                const char *key, *file;
                uint64_t value;
        } rows[] = {
                { "MemoryMax", "memory.max", s->memory_max },
                { "MemoryHigh", "memory.high", s->memory_high },
                { "MemoryLow", "memory.low", s->memory_low },
                { "MemorySwapMax", "memory.swap.max", s->memory_swap_max },
                { "TasksMax", "pids.max", s->tasks_max },
                { "CPUWeight", "cpu.weight", s->cpu_weight },
                { "IOWeight", "io.weight", s->io_weight },
                { "CPUQuota", "cpu.max", s->cpu_quota_usec },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                if (strcmp(rows[i].key, key) != 0)
                        continue;
                char *text = cgroup_read(s->control_group, rows[i].file);
                if (!text) {
                        *ret_live = g_strdup_printf(
                                        "no %s: the controller is not there", rows[i].file);
                        return DIFFERS;
                }
                g_strdelimit(g_strstrip(text), "\n", ',');
                *ret_live = text;
                const char *number = g_str_has_prefix(text, "default ") ? text + 8 : text;
                uint64_t live = g_str_has_prefix(number, "max")
                                                ? UINT64_MAX
                                                : g_ascii_strtoull(number, NULL, 10);
                /* quota and period: the property is of a second */
                const char *period = strchr(number, ' ');
                if (strcmp(key, "CPUQuota") == 0 && live != UINT64_MAX && period)
                        live = live * G_USEC_PER_SEC / MAX(g_ascii_strtoull(period, NULL, 10), 1);
                uint64_t page = 4096; /* memory limits are whole pages */
                bool memory = g_str_has_prefix(key, "Memory") && rows[i].value != UINT64_MAX;
                return when(live == (memory ? rows[i].value / page * page : rows[i].value));
        }
        return NOT_APPLICABLE;
}

static const char payload_filter[] = "system call filter of the payload";
static const char no_meaning[] = "nothing: the payload's files are its image's";

static const struct {
        const char *key; /* a trailing '*' stands for anything */
        const char *became;
        Check check;
} rows[] = {
        { "NoNewPrivileges", "no_new_privs of the payload", check_no_new_privileges },
        { "CapabilityBoundingSet", "capabilities of the payload", check_bounding },
        { "AmbientCapabilities", "capabilities of the payload", check_ambient },
        { "SystemCall*", payload_filter, check_filter },
        { "RestrictNamespaces", payload_filter, check_filter },
        { "RestrictAddressFamilies", payload_filter, check_filter },
        { "RestrictSUIDSGID", payload_filter, check_filter },
        { "RestrictRealtime", payload_filter, check_filter },
        { "LockPersonality", payload_filter, check_filter },
        { "MemoryDenyWriteExecute", payload_filter, check_filter },
        { "UMask", "umask of the payload", check_umask },
        { "User", "root of the container", check_user },
        { "DynamicUser", "root of the container", check_user },
        { "Limit*", "resource limit of the payload", check_limit },
        { "MemoryMax", "limit of the unit's cgroup", check_cgroup },
        { "MemoryHigh", "limit of the unit's cgroup", check_cgroup },
        { "MemoryLow", "limit of the unit's cgroup", check_cgroup },
        { "MemorySwapMax", "limit of the unit's cgroup", check_cgroup },
        { "TasksMax", "limit of the unit's cgroup", check_cgroup },
        { "CPUWeight", "limit of the unit's cgroup", check_cgroup },
        { "CPUQuota", "limit of the unit's cgroup", check_cgroup },
        { "IOWeight", "limit of the unit's cgroup", check_cgroup },
        { "Protect*", no_meaning, NULL },
        { "Private*", no_meaning, NULL },
        { "ReadOnlyPaths", no_meaning, NULL },
        { "ReadWritePaths", no_meaning, NULL },
        { "InaccessiblePaths", no_meaning, NULL },
        { "ExecPaths", no_meaning, NULL },
        { "NoExecPaths", no_meaning, NULL },
        { "Environment*", "environment of the launcher, not of the payload", NULL },
};

static void add_finding(Audit *audit, const UnitLine *line) {
        Finding *f = g_new0(Finding, 1);
        f->line = line;
        f->became = "as for any service";
        f->agreement = NOT_APPLICABLE;
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (g_pattern_match_simple(rows[i].key, line->key)) {
                        f->became = rows[i].became;
                        if (rows[i].check)
                                f->agreement = rows[i].check(audit, line->key, &f->live);
                        break;
                }
        g_ptr_array_add(audit->findings, f);
}

static void finding_free(gpointer data) {
        Finding *f = data;
        g_free(f->live);
        g_free(f);
}

static bool read_status(Audit *audit, GError **error) {
        g_autofree char *path = g_strdup_printf(
                        "/proc/%" G_GUINT64_FORMAT "/status", (guint64) audit->settings->main_pid);
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, 65536, &text, error))
                return false;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                char *colon = strchr(*line, ':');
                if (!colon)
                        continue;
                *colon = '\0';
                g_hash_table_insert(
                                audit->status, g_strdup(*line), g_strdup(g_strstrip(colon + 1)));
        }
        return true;
}

/* [Service] of a file; the generated unit and each drop-in. */
static bool audit_file(Audit *audit, const char *path, GPtrArray *files, GError **error) {
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(Diagnostics) diagnostics = diagnostics_new();
        if (!file_read(AT_FDCWD, path, UNIT_FILE_SIZE_MAX, &bytes, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        UnitFile *file = unit_parse(path, text, size, diagnostics);
        g_ptr_array_add(files, file);
        const UnitSection *section = unit_file_find(file, "Service");
        for (guint i = 0; section && i < section->lines->len; i++) {
                const UnitLine *line = section->lines->pdata[i];
                if (line->key)
                        add_finding(audit, line);
        }
        return true;
}

static const char *agreement_text(Agreement agreement) {
        return agreement == AGREES ? "yes" : agreement == DIFFERS ? "no" : "-";
}

static void print_json(const Audit *audit) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < audit->findings->len; i++) {
                const Finding *f = audit->findings->pdata[i];
                JsonObject *object = json_object_new();
                json_object_set_string_member(object, "Key", f->line->key);
                json_object_set_string_member(object, "Value", f->line->value);
                json_object_set_string_member(object, "File", f->line->path);
                json_object_set_int_member(object, "Line", f->line->line);
                json_object_set_string_member(object, "Became", f->became);
                if (f->live)
                        json_object_set_string_member(object, "Live", f->live);
                if (f->agreement != NOT_APPLICABLE)
                        json_object_set_boolean_member(object, "Agrees", f->agreement == AGREES);
                json_array_add_object_element(array, object);
        }
        g_autoptr(JsonNode) node = json_node_alloc();
        json_node_init_array(node, array);
        json_array_unref(array);
        g_autofree char *text = json_format(node, true);
        printf("%s\n", text);
}

static void print_table(const Audit *audit) {
        static const char *const headings[] = { "KEY", "VALUE", "BECAME", "LIVE", "AGREES", NULL };
        g_autoptr(Table) table = table_new(headings);
        for (guint i = 0; i < audit->findings->len; i++) {
                const Finding *f = audit->findings->pdata[i];
                g_autofree char *value =
                                strlen(f->line->value) > 40
                                                ? g_strdup_printf("%.37s...", f->line->value)
                                                : g_strdup(f->line->value);
                char **cells = g_new0(char *, 6);
                cells[0] = g_strdup(f->line->key);
                cells[1] = g_strdup(value);
                cells[2] = g_strdup(f->became);
                cells[3] = g_strdup(f->live ? f->live : "-");
                cells[4] = g_strdup(agreement_text(f->agreement));
                table_add(table, cells);
        }
        table_print(table, true);
}

static bool run_audit(const char *unit, const char *format, bool *ret_agrees, GError **error) {
        g_autoptr(Bus) bus = bus_open(error);
        g_autoptr(UnitSettings) settings = bus ? unit_settings_load(bus, unit, error) : NULL;
        g_autoptr(GPtrArray) filters = NULL;
        g_autoptr(GPtrArray) files =
                        g_ptr_array_new_with_free_func((GDestroyNotify) unit_file_free);
        if (!settings || !syscall_filter_compile_unit(settings, &filters, error))
                return false;
        if (settings->main_pid == 0)
                return error_set_invalid(error, "unit '%s' does not run: nothing to look at", unit);
        g_autoptr(GHashTable) status_lines =
                        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(finding_free);
        Audit audit = {
                .settings = settings,
                .status = status_lines,
                .n_filters = filters->len,
                .findings = findings,
        };
        if (!read_status(&audit, error) ||
            (settings->fragment_path && *settings->fragment_path &&
             !audit_file(&audit, settings->fragment_path, files, error)))
                return false;
        for (char **path = settings->drop_in_paths; path && *path; path++)
                if (!audit_file(&audit, *path, files, error))
                        return false;
        if (g_strcmp0(format, "json") == 0)
                print_json(&audit);
        else
                print_table(&audit);
        *ret_agrees = true;
        for (guint i = 0; i < findings->len; i++)
                if (((Finding *) findings->pdata[i])->agreement == DIFFERS)
                        *ret_agrees = false;
        return true;
}

typedef struct AuditOptions {
        char *format;
} AuditOptions;

int verb_system_audit(int argc, char **argv) {
        static const OptionRow option_rows[] = {
                { "format", 0, OPTION_STRING, offsetof(AuditOptions, format), "FORMAT",
                  "table or json" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth system audit [options] UNIT",
                .description = "Show what each line of a unit's [Service] became, and what is so",
                .rows = option_rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        AuditOptions options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        g_autofree char *format = options.format;
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_OK && format && strcmp(format, "json") != 0 &&
            strcmp(format, "table") != 0)
                r = error_set_invalid(
                                    &error, "--format '%s' is not supported, use table or json",
                                    format)
                                    ? OPTION_RESULT_OK
                                    : OPTION_RESULT_ERROR;
        bool agrees = false;
        g_autofree char *unit = NULL;
        if (r == OPTION_RESULT_OK)
                unit = strchr(operands[0], '.') ? g_strdup(operands[0])
                                                : g_strconcat(operands[0], ".service", NULL);
        if (r != OPTION_RESULT_OK || !run_audit(unit, format, &agrees, &error))
                return verb_fail(&error);
        return agrees ? EXIT_STATUS_OK : 1;
}
