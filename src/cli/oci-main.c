/* SPDX-License-Identifier: Apache-2.0 */
/* Global options, the log, the table of commands. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/user.h"
#include "build-config.h"
#include "cli/exit.h"
#include "cli/oci.h"
#include "oci/spec.h"

#define EXIT_STATUS_OCI_ERROR 1

static OciGlobal global;

const OciGlobal *oci_global(void) {
        return &global;
}

typedef struct Flags {
        char *root, *log, *log_format, *log_level, *rootless, *cgroup_manager, *criu;
        bool systemd_cgroup, debug, version;
} Flags;

#define AT(member) offsetof(Flags, member)
static const OptionRow rows[] = {
        { "root", 0, OPTION_STRING, AT(root), "DIR", "Where the states of containers are kept" },
        { "log", 0, OPTION_STRING, AT(log), "FILE", "Write messages to a file, too" },
        { "log-format", 0, OPTION_STRING, AT(log_format), "FORMAT", "text or json" },
        { "log-level", 0, OPTION_STRING, AT(log_level), "LEVEL", "debug, info, warn or error" },
        { "debug", 0, OPTION_BOOL, AT(debug), NULL, "Same as --log-level debug" },
        { "systemd-cgroup", 0, OPTION_BOOL, AT(systemd_cgroup), NULL,
          "cgroups are scopes of systemd" },
        { "cgroup-manager", 0, OPTION_STRING, AT(cgroup_manager), "MANAGER",
          "cgroupfs, systemd or disabled" },
        { "rootless", 0, OPTION_STRING, AT(rootless), "MODE",
          "auto, true or false: found out by itself" },
        { "criu", 0, OPTION_STRING, AT(criu), "PATH", NULL },
        { "version", 'v', OPTION_BOOL, AT(version), NULL, "Print the version" },
        { NULL },
};

static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *help;
} commands[] = {
        { "create", oci_verb_create, "Create a container from a bundle" },
        { "start", oci_verb_start, "Start a created container" },
        { "run", oci_verb_run, "Create and start a container" },
        { "exec", oci_verb_exec, "Run one more process in a container" },
        { "state", oci_verb_state, "Print a container's state" },
        { "kill", oci_verb_kill, "Signal a container" },
        { "delete", oci_verb_delete, "Remove a container" },
        { "list", oci_verb_list, "List containers" },
        { "ps", oci_verb_ps, "List a container's processes" },
        { "pause", oci_verb_pause, "Freeze a container's processes" },
        { "resume", oci_verb_resume, "Thaw them" },
        { "update", oci_verb_update, "Change a container's limits" },
        { "events", oci_verb_events, "Print what a container uses" },
        { "features", oci_verb_features, "Print what this runtime knows" },
        { "spec", oci_verb_spec, "Write a config.json to begin with" },
};

/* One line a message: {"msg":"…","level":"error","time":"…"}; callers show the last one. */
static void write_log(const char *message) {
        if (!global.log)
                return;
        autofd int fd = open(
                        global.log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
        if (fd < 0)
                return; /* stderr has it */
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        g_autofree char *time = text_format_time((int64_t) now.tv_sec * 1000000000 + now.tv_nsec);
        g_autofree char *line = NULL;
        if (g_strcmp0(global.log_format, "json") == 0) {
                g_autoptr(JsonObject) object = json_object_new();
                json_object_set_string_member(object, "level", "error");
                json_object_set_string_member(object, "msg", message);
                json_object_set_string_member(object, "time", time);
                g_autofree char *text = json_format_object(object, false);
                line = g_strconcat(text, "\n", NULL);
        } else {
                line = g_strdup_printf("time=\"%s\" level=error msg=\"%s\"\n", time, message);
        }
        (void) fd_write_all(fd, line, strlen(line)); /* stderr has it */
}

int oci_fail(GError **error) {
        fprintf(stderr, "%s\n", (*error)->message);
        write_log((*error)->message);
        g_clear_error(error);
        return EXIT_STATUS_OCI_ERROR;
}

bool oci_begin(const OptionTable *table,
               int argc,
               char **argv,
               void *options,
               char ***ret_operands,
               int *ret_status) {
        g_autoptr(GError) error = NULL;
        OptionResult r = options_parse(table, argc, argv, options, ret_operands, &error);
        *ret_status = r == OPTION_RESULT_ERROR ? oci_fail(&error) : EXIT_STATUS_OK;
        return r == OPTION_RESULT_OK;
}

bool oci_begin_id(
                const char *usage,
                const char *description,
                int argc,
                char **argv,
                const char **ret_id,
                int *ret_status) {
        static const OptionRow none[] = { { NULL } };
        const OptionTable table = {
                .usage = usage,
                .description = description,
                .rows = none,
                .operands_min = 1,
                .operands_max = 1,
        };
        char unused;
        g_autofree char **operands = NULL;
        if (!oci_begin(&table, argc, argv, &unused, &operands, ret_status))
                return false;
        *ret_id = operands[0];
        return true;
}

static char *default_root(void) {
        const char *runtime = g_getenv("XDG_RUNTIME_DIR");
        if (user_in_initial_namespace() && user_is_root())
                return g_strdup("/run/berth-oci");
        return runtime ? g_build_filename(runtime, "berth-oci", NULL)
                       : g_strdup_printf("/tmp/berth-oci-%u", (unsigned int) getuid());
}

static bool take_flags(Flags *flags, GError **error) {
        static const char *const formats[] = { "text", "json", NULL };
        const char *manager = flags->cgroup_manager ? flags->cgroup_manager : "cgroupfs";
        global.root = flags->root ? flags->root : default_root();
        global.log = flags->log;
        global.log_format = flags->log_format;
        /* crun's "journald:", "syslog:", "file:" before a path */
        if (global.log && g_str_has_prefix(global.log, "file:"))
                global.log += strlen("file:");
        if (flags->log_format && !g_strv_contains(formats, flags->log_format))
                return error_set_invalid(
                                error, "unknown log format \"%s\", use text or json",
                                flags->log_format);
        if (flags->debug)
                log_set_max_level(LOG_LEVEL_DEBUG);
        global.use_systemd_cgroup = flags->systemd_cgroup || strcmp(manager, "systemd") == 0;
        global.no_cgroup = strcmp(manager, "disabled") == 0;
        static const char *const managers[] = { "cgroupfs", "systemd", "disabled", NULL };
        return g_strv_contains(managers, manager) ||
               error_set_invalid(error, "unknown cgroup manager \"%s\"", manager);
}

static void print_version(void) {
        printf("berth-oci version %s\ncommit: none\nspec: %s\n+SYSTEMD +SECCOMP +CAP +APPARMOR "
               "+SELINUX\n",
               BERTH_VERSION, OCI_SPEC_VERSION);
}

static void print_help(const OptionTable *table) {
        options_print_help(table);
        printf("\nCommands:\n");
        for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
                printf("  %-10s %s\n", commands[i].name, commands[i].help);
}

int oci_main(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth-oci [options] COMMAND [...]",
                .description = "An OCI runtime",
                .rows = rows,
                .stop_at_operand = true,
                .operands_max = -1,
        };
        Flags flags = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **rest = NULL;
        log_init("berth-oci", LOG_SINK_STDERR, LOG_LEVEL_WARNING);
        if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
                print_help(&table);
                return EXIT_STATUS_OK;
        }
        OptionResult r = options_parse(&table, argc, argv, &flags, &rest, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR || !take_flags(&flags, &error))
                return oci_fail(&error);
        if (flags.version) {
                print_version();
                return EXIT_STATUS_OK;
        }
        int n = (int) g_strv_length(rest);
        for (size_t i = 0; n > 0 && i < G_N_ELEMENTS(commands); i++)
                if (strcmp(commands[i].name, rest[0]) == 0)
                        return commands[i].run(n, rest);
        if (n > 0 && (strcmp(rest[0], "checkpoint") == 0 || strcmp(rest[0], "restore") == 0))
                error_set_invalid(&error, "%s is not supported", rest[0]);
        else
                error_set_invalid(
                                &error, n > 0 ? "unknown command %s" : "a command is missing",
                                n > 0 ? rest[0] : "");
        return oci_fail(&error);
}
