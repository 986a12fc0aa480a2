/* SPDX-License-Identifier: Apache-2.0 */
/* berth image prune, berth system gc */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "base/user.h"
#include "cli/confirm.h"
#include "cli/exit.h"
#include "cli/image-event.h"
#include "cli/image-filter.h"
#include "cli/image-keep.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/pin.h"
#include "runtime/rootfs-mapped.h"
#include "runtime/rootless.h"
#include "store/check.h"
#include "store/place.h"
#include "store/writer.h"

typedef struct PruneOptions {
        bool all, force, external, build_cache, dry_run;
        GPtrArray *filters;
} PruneOptions;

static const OptionRow prune_rows[] = {
        { "all", 'a', OPTION_BOOL, offsetof(PruneOptions, all), NULL,
          "All images that no container uses, not only nameless ones" },
        { "build-cache", 0, OPTION_BOOL, offsetof(PruneOptions, build_cache), NULL,
          "What builds kept with RUN --mount=type=cache, too" },
        { "external", 0, OPTION_BOOL, offsetof(PruneOptions, external), NULL, NULL },
        { "filter", 0, OPTION_LIST, offsetof(PruneOptions, filters), "FILTER",
          "until=, label=, label!=" },
        { "force", 'f', OPTION_BOOL, offsetof(PruneOptions, force), NULL, "Do not ask" },
        { NULL },
};

static bool confirmed(const PruneOptions *options) {
        if (options->force || !isatty(STDIN_FILENO))
                return true;
        return confirm(options->all ? "WARNING! This command removes all images without at least "
                                      "one container associated with them."
                                    : "WARNING! This command removes all dangling images.");
}

/* Buildah's, and so Podman's: a directory of the user's that anybody may have made before. */
static bool drop_build_cache(GError **error) {
        const char *above = g_getenv("TMPDIR");
        if (!above || !g_path_is_absolute(above))
                above = "/var/tmp";
        g_autofree char *name = g_strdup_printf("buildah-cache-%u", (unsigned) user_id());
        autofd int fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat st;
        if (fd < 0)
                return errno == ENOENT || error_set_errno(error, errno, "Cannot open '%s'", above);
        if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ||
                       error_set_errno(error, errno, "Cannot stat '%s/%s'", above, name);
        if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())
                return error_set_invalid(
                                error, "the build cache '%s/%s' is not a directory of ours", above,
                                name);
        return file_remove_tree(fd, name, error);
}

static bool prune(Runtime *runtime, const PruneOptions *options, GError **error) {
        Store *store = runtime->store;
        if (options->external)
                return error_set_invalid(
                                error, "--external is not supported: the containers that other "
                                       "programs keep in the store are theirs to remove");
        g_autofree char **filters = option_list_strv(options->filters);
        g_autoptr(GPtrArray) facts =
                        image_facts_list(store, (const char *const *) filters, NULL, error);
        if (!facts || !confirmed(options))
                return facts;
        if (options->build_cache && !drop_build_cache(error))
                return false;
        for (guint i = 0; i < facts->len; i++) {
                const ImageFacts *one = facts->pdata[i];
                bool wanted = options->all || !one->image->names[0];
                if (!wanted || one->image->read_only || one->n_containers > 0)
                        continue;
                g_autoptr(GError) inner = NULL;
                if (store_image_remove(store, one->image->id, &inner)) {
                        if (!rootfs_mapped_forget(store_graph_root(store), one->image->id, error))
                                return false;
                        image_event("remove", one->image->id, one->image->names[0]);
                        printf("%s\n", one->image->id);
                } else if (!g_error_matches(inner, STORE_ERROR, STORE_ERROR_IN_USE)) {
                        g_propagate_error(error, g_steal_pointer(&inner));
                        return false;
                }
        }
        return true;
}

/* Flags, the store with the pins of unused images taken off, then the work. */
static int
run_verb(const OptionTable *table,
         int argc,
         char **argv,
         bool (*run)(Runtime *, const PruneOptions *, GError **)) {
        PruneOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        if (cli_begin(table, argc, argv, &options, &operands, &runtime, &status) &&
            (!rootless_enter(&error) || !pin_settle(&runtime, &error) ||
             !record_forget_abandoned(runtime.records, &error) || !run(&runtime, &options, &error)))
                status = verb_fail(&error);
        g_clear_pointer(&options.filters, g_ptr_array_unref);
        return status;
}

int verb_image_prune(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth image prune [options]",
                .description = "Remove images that nothing uses",
                .rows = prune_rows,
        };
        return run_verb(&table, argc, argv, prune);
}

/* Sizes of distinct layers: images share them. */
static const OptionRow gc_rows[] = {
        { "dry-run", 'n', OPTION_BOOL, offsetof(PruneOptions, dry_run), NULL,
          "Only say what would be removed, and why the rest stays" },
        { NULL },
};

static bool remove_unused_layers(Store *store, bool dry_run, GError **error) {
        g_autoptr(GPtrArray) problems = store_check(store, error);
        if (!problems)
                return false;
        for (guint i = problems->len; i > 0; i--) {
                const StoreProblem *problem = problems->pdata[i - 1];
                if (problem->kind == STORE_PROBLEM_UNUSED_LAYER)
                        printf("%s  %.12s  unused layer\n", dry_run ? "would go" : "removed",
                               problem->id);
                else
                        g_ptr_array_remove_index(problems, i - 1);
        }
        unsigned int fixed;
        return dry_run || problems->len == 0 || store_repair(store, problems, &fixed, error);
}

static bool collect_garbage(Runtime *runtime, const PruneOptions *options, GError **error) {
        Store *store = runtime->store;
        g_autoptr(GPtrArray) all = image_facts_list(store, NULL, NULL, error);
        if (!all)
                return false;
        g_autoptr(ImageKeeper) keeper = image_keeper_new(all);
        for (guint i = 0; i < all->len; i++) {
                const ImageFacts *facts = all->pdata[i];
                g_autofree char *why = image_keeper_reason(keeper, facts);
                const char *name = facts->image->names[0] ? facts->image->names[0] : "<none>";
                if (why) {
                        if (options->dry_run)
                                printf("stays     %.12s  %s  %s\n", facts->image->id, name, why);
                        continue;
                }
                if (!options->dry_run &&
                    (!store_image_remove(store, facts->image->id, error) ||
                     !rootfs_mapped_forget(store_graph_root(store), facts->image->id, error)))
                        return false;
                printf("%s  %.12s  %s\n", options->dry_run ? "would go" : "removed",
                       facts->image->id, name);
        }
        return remove_unused_layers(store, options->dry_run, error);
}

int verb_system_gc(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth system gc [options]",
                .description = "Remove images that no unit, container or name needs",
                .rows = gc_rows,
        };
        return run_verb(&table, argc, argv, collect_garbage);
}
