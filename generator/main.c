/* SPDX-License-Identifier: Apache-2.0 */
/* berth-generator: systemd.generator(7). Reads unit files, writes services below argv's folder, and
 * touches nothing else: no bus, no network, no NSS, no process. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "build-config.h"
#include "generator/heap.h"
#include "generator/output-write.h"
#include "generator/set.h"
#include "generator/stub.h"

typedef struct Options {
        bool dry_run;
        bool user;
        bool verbose;
        bool no_kmsg_log;
        bool version;
        const char *folder;
        const char *late_folder; /* may be NULL */
} Options;

static const struct {
        const char *name;
        size_t offset;
        const char *help;
} flags[] = {
        { "dryrun", offsetof(Options, dry_run), "Print the units, write nothing" },
        { "user", offsetof(Options, user), "Work as the generator of a user manager" },
        { "v", offsetof(Options, verbose), "Say more" },
        { "no-kmsg-log", offsetof(Options, no_kmsg_log), "Log to stderr, not to /dev/kmsg" },
        { "version", offsetof(Options, version), "Print the version" },
};

static int usage(const char *program, const char *word) {
        if (word)
                fprintf(stderr, "Unknown option: %s\n", word);
        fprintf(stderr, "Usage: %s [OPTION...] NORMAL-FOLDER [EARLY-FOLDER LATE-FOLDER]\n",
                program);
        for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
                fprintf(stderr, "  -%-12s %s\n", flags[i].name, flags[i].help);
        return 2;
}

static bool parse_bool(const char *text, bool *ret_value) {
        static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True", NULL };
        static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False", NULL };
        *ret_value = g_strv_contains(yes, text);
        return *ret_value || g_strv_contains(no, text);
}

/* "-user", "--user", "--user=false" */
static bool parse_flag(const char *word, Options *options) {
        const char *name = word + (word[1] == '-' ? 2 : 1);
        size_t n = strcspn(name, "=");
        bool value = true;
        if (name[n] == '=' && !parse_bool(name + n + 1, &value))
                return false;
        for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
                if (strlen(flags[i].name) == n && strncmp(flags[i].name, name, n) == 0) {
                        *(bool *) ((char *) options + flags[i].offset) = value;
                        return true;
                }
        return false;
}

/* -1: go on; else the exit status. */
static int parse_options(int argc, char **argv, Options *options) {
        const char *program = strrchr(argv[0], '/');
        program = program ? program + 1 : argv[0];
        /* systemd runs the one in the folder of user generators under its name there */
        options->user = strstr(program, "user") != NULL;
        int i = 1;
        for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
                if (strcmp(argv[i], "--") == 0) {
                        i++;
                        break;
                }
                if (!parse_flag(argv[i], options))
                        return usage(program, argv[i]);
        }
        options->folder = i < argc ? argv[i] : NULL;
        options->late_folder = i + 2 < argc ? argv[i + 2] : NULL;
        if (options->version) {
                puts(BERTH_VERSION);
                return 0;
        }
        return -1;
}

static void log_diagnostics(const Diagnostics *diagnostics, const char *file_name) {
        for (guint i = 0; i < diagnostics->items->len; i++) {
                const Diagnostic *d = diagnostics->items->pdata[i];
                Diagnostic shown = *d;
                g_autofree char *prefixed = NULL;
                /* the wording that people search for who know Quadlet */
                if (file_name && d->severity == DIAGNOSTIC_ERROR)
                        shown.text = prefixed = g_strdup_printf(
                                        "converting \"%s\": %s", file_name, d->text);
                g_autofree char *text = diagnostic_format(&shown);
                log_text(d->severity == DIAGNOSTIC_ERROR     ? LOG_LEVEL_ERR
                         : d->severity == DIAGNOSTIC_WARNING ? LOG_LEVEL_WARNING
                                                             : LOG_LEVEL_DEBUG,
                         "%s", text);
        }
}

static QuadletSet *load(const Options *options) {
        UnitSearchOptions where = unit_search_options(options->user);
        QuadletSet *set = quadlet_set_new(options->user, NULL);
        g_autoptr(UnitSearch) search = unit_search(&where, quadlet_is_file_name, set->diagnostics);
        quadlet_set_load(set, search);
        if (!where.unit_dirs)
                quadlet_set_watch(set, search);
        g_autofree char *stubs = stub_folder(options->user);
        set->stubs = stub_list(stubs);
        for (guint i = 0; i < search->files->len; i++)
                log_debug("Loading source unit file %s", (const char *) search->files->pdata[i]);
        if (search->files->len == 0) {
                g_auto(GStrv) path = unit_search_path(&where, set->diagnostics);
                g_autofree char *folders = g_strjoinv(" ", path);
                log_debug("No files parsed from %s", folders);
        }
        return set;
}

int main(int argc, char **argv) {
        Options options = { 0 };
        int status = parse_options(argc, argv, &options);
        if (status >= 0)
                return status;
        heap_prepare();
        heap_reserve();
        umask(0022); /* units are for everyone to read, however we were started */
        bool kmsg = !options.dry_run && !options.no_kmsg_log;
        log_init("berth-generator", kmsg ? LOG_SINK_KMSG : LOG_SINK_STDERR,
                 options.verbose || options.dry_run ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
        if (!options.dry_run && !options.folder) {
                log_err("Missing output folder argument");
                return 1;
        }
        g_autoptr(QuadletSet) set = load(&options);
        g_autoptr(Output) output =
                        options.dry_run ? output_make(set) : output_make_into(set, options.folder);
        for (guint i = 0; i < set->items->len; i++) {
                const Quadlet *q = set->items->pdata[i];
                log_diagnostics(q->diagnostics, q->file_name);
        }
        if (options.dry_run)
                output_print(output);
        if (!options.dry_run && options.late_folder)
                output_write_late(set, options.late_folder, set->diagnostics);
        log_diagnostics(set->diagnostics, NULL);
        bool good = output->n_failed == 0 && set->diagnostics->n_errors == 0;
        if (!good)
                log_err("Some unit files could not be used");
        fflush(stdout);
        _exit(good ? 0 : 1); /* taking thousands of units apart again is work for nobody */
}
