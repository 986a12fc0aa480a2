/* SPDX-License-Identifier: Apache-2.0 */
/* Global flags and the dispatch over a table of verbs. */
#include "cli/verb.h"

#include <stdio.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/error.h"
#include "base/log.h"
#include "build-config.h"
#include "cli/exit.h"
#include "cli/options.h"

static GlobalOptions global;

const GlobalOptions *global_options(void) {
        return &global;
}

int verb_fail(GError **error) {
        fprintf(stderr, "Error: %s\n", *error ? (*error)->message : "unknown error");
        g_clear_error(error);
        return EXIT_STATUS_ERROR;
}

typedef struct GlobalFlags {
        char *root, *runroot, *log_level;
        bool version;
        GPtrArray *modules, *storage_opts;
        char *cgroup_manager, *runtime, *network_config_dir, *events_backend, *tmpdir,
                        *storage_driver;
} GlobalFlags;

static const OptionRow global_rows[] = {
        { "root", 0, OPTION_STRING, offsetof(GlobalFlags, root), "PATH",
          "Where images and containers are kept" },
        { "runroot", 0, OPTION_STRING, offsetof(GlobalFlags, runroot), "PATH",
          "Where state is kept until the next boot" },
        { "network-config-dir", 0, OPTION_STRING, offsetof(GlobalFlags, network_config_dir), "PATH",
          "Where the network files are" },
        { "runtime", 0, OPTION_STRING, offsetof(GlobalFlags, runtime), "PROGRAM",
          "Another OCI runtime for the containers: crun, runc or a path" },
        { "events-backend", 0, OPTION_STRING, offsetof(GlobalFlags, events_backend), "BACKEND",
          "Where events go: journald, file or none" },
        { "log-level", 0, OPTION_STRING, offsetof(GlobalFlags, log_level), "LEVEL",
          "debug, info, warn or error" },
        { "version", 'v', OPTION_BOOL, offsetof(GlobalFlags, version), NULL, "Print the version" },
        { NULL },
};

static const Verb *find_verb(const Verb *verbs, int argc, char **argv, int *ret_words) {
        for (int words = MIN(2, argc); words > 0; words--) {
                g_autofree char *name = words == 2 ? g_strconcat(argv[0], " ", argv[1], NULL)
                                                   : g_strdup(argv[0]);
                for (const Verb *verb = verbs; verb->name; verb++)
                        if (strcmp(verb->name, name) == 0) {
                                *ret_words = words;
                                return verb;
                        }
        }
        return NULL;
}

static void print_help(const Verb *verbs) {
        printf("Containers as plain systemd services\n\nUsage:\n  berth [options] VERB "
               "[...]\n\nVerbs:\n");
        for (const Verb *verb = verbs; verb->name; verb++)
                if (verb->help)
                        printf("  %-20s %s\n", verb->name, verb->help);
}

static int unknown_verb(const Verb *verbs, int argc, char **argv) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (const Verb *verb = verbs; verb->name; verb++)
                g_ptr_array_add(names, (char *) verb->name);
        g_ptr_array_add(names, NULL);
        g_autofree char *two = argc > 1 ? g_strconcat(argv[0], " ", argv[1], NULL) : NULL;
        const char *near = diagnostic_nearest(argv[0], (const char *const *) names->pdata);
        if (!near && two)
                near = diagnostic_nearest(two, (const char *const *) names->pdata);
        fprintf(stderr,
                "Error: unrecognized command `berth %s`%s%s%s\nTry 'berth --help' for more "
                "information\n",
                argv[0], near ? ", did you mean `berth " : "", near ? near : "", near ? "`?" : "");
        return EXIT_STATUS_ERROR;
}

int verbs_main(const Verb *verbs, int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth [options] VERB [...]",
                .description = "Containers as plain systemd services",
                .rows = global_rows,
                .stop_at_operand = true,
                .operands_max = -1,
        };
        if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
                print_help(verbs);
                return EXIT_STATUS_OK;
        }
        GlobalFlags flags = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **rest = NULL;
        OptionResult r = options_parse(&table, argc, argv, &flags, &rest, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR)
                return verb_fail(&error);
        global.root = flags.root;
        global.runroot = flags.runroot;
        global.runtime = flags.runtime;
        global.network_config_dir = flags.network_config_dir;
        global.events_backend = flags.events_backend;
        global.argv = argv;
        LogLevel level = flags.log_level ? log_level_from_text(flags.log_level) : LOG_LEVEL_INFO;
        if ((int) level < 0) {
                error_set_invalid(
                                &error,
                                "log level \"%s\" is not supported, choose from: debug, info, "
                                "warn, error",
                                flags.log_level);
                return verb_fail(&error);
        }
        log_set_max_level(level);
        if (flags.version) {
                printf("berth version %s\n", BERTH_VERSION);
                return EXIT_STATUS_OK;
        }
        int n = (int) g_strv_length(rest);
        if (n == 0) {
                print_help(verbs);
                return EXIT_STATUS_ERROR;
        }
        int words = 0;
        const Verb *verb = find_verb(verbs, n, rest, &words);
        if (!verb)
                return unknown_verb(verbs, n, rest);
        return verb->run(n - words + 1, rest + words - 1);
}
