/* SPDX-License-Identifier: Apache-2.0 */
/* berth cp: what is copied goes as a tar stream from one end to the other. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/copy-end.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/tree-extract.h"
#include "cli/tree-tar.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/idmap.h"

typedef struct CopyOptions {
        bool archive, overwrite, pause;
} CopyOptions;

static const OptionRow rows[] = {
        { "archive", 'a', OPTION_BOOL, offsetof(CopyOptions, archive), NULL,
          "Files in a container become its user's (default true)" },
        { "overwrite", 0, OPTION_BOOL, offsetof(CopyOptions, overwrite), NULL,
          "Replace directories by other files and the reverse" },
        { "pause", 0, OPTION_BOOL, offsetof(CopyOptions, pause), NULL, NULL }, /* no effect there */
        { NULL },
};

static bool write_out(void *data, const void *bytes, size_t size, GError **error) {
        int r = fd_write_all(STDOUT_FILENO, bytes, size);
        return r >= 0 || error_set_errno(error, r, "Cannot write the archive");
}

static bool is_stream(const CopyEnd *end) {
        return !end->container && strcmp(end->given, "-") == 0;
}

/* The last component of what the user wrote; "" means the contents. */
static char *source_name(const CopyEnd *source) {
        const char *path = source->in_volume ? source->given : source->path;
        if (source->wants_contents || strcmp(path, "/") == 0)
                return g_strdup("");
        g_autofree char *canonical = g_canonicalize_filename(path, "/");
        return strcmp(canonical, "/") == 0 ? g_strdup("") : g_path_get_basename(canonical);
}

static bool send_tree(const CopyEnd *source, const char *as, TreeTar *tar, GError **error) {
        tar->uids = source->uids;
        tar->gids = source->gids;
        bool ok = *as ? tree_tar_add(tar, source->fd, source->leaf ? source->leaf : ".", as, error)
                      : tree_tar_add_contents(tar, source->fd, "", error);
        return ok && tree_tar_end(tar, error);
}

static bool send_stdin(Extract *extract, GError **error) {
        static char buffer[128 << 10];
        for (;;) {
                ssize_t n = fd_read_full(STDIN_FILENO, buffer, sizeof buffer);
                if (n < 0)
                        return error_set_errno(error, (int) n, "Cannot read the archive");
                if (n == 0)
                        return true;
                if (!extract_push(extract, buffer, (size_t) n, error))
                        return false;
        }
}

/* What the copy is called at its destination; "" for contents that go into it. NULL on error. */
static char *target_name(const CopyEnd *source, const CopyEnd *target, GError **error) {
        if (is_stream(source)) {
                if (target->is_directory)
                        return g_strdup("");
                error_set_invalid(error, "destination must be a directory when copying from stdin");
                return NULL;
        }
        if (target->is_directory)
                return source_name(source);
        if (target->exists && source->is_directory) {
                error_set_invalid(
                                error, "destination must be a directory when copying a directory");
                return NULL;
        }
        return g_strdup(target->leaf);
}

static bool
receive(const CopyEnd *source, const CopyEnd *target, const CopyOptions *options, GError **error) {
        g_autofree char *name = target_name(source, target, error);
        if (!name)
                return false;
        if (!is_stream(source) && copy_end_is_inside(target, source))
                return error_set_invalid(
                                error, "cannot copy the directory \"%s\" into itself",
                                source->given);
        bool is_container = target->container != NULL;
        const ExtractRequest request = {
                .dir_fd = target->fd,
                .overwrites = options->overwrite ||
                              (target->exists && !target->is_directory && !source->is_directory),
                .has_owner = options->archive || !is_container,
                .keeps_set_id = is_container,
                .uid = target->uid,
                .gid = target->gid,
                .uids = target->uids,
                .gids = target->gids,
        };
        g_autoptr(Extract) extract = extract_new(&request);
        g_auto(FileIds) ids = { 0 };
        uint32_t uid = 0, gid = 0;
        if (is_container && id_map_to_host(target->uids, 0, &uid) &&
            id_map_to_host(target->gids, 0, &gid) && uid != 0 &&
            !file_ids_enter(uid, gid, &ids, error))
                return false;
        if (is_stream(source))
                return send_stdin(extract, error) && extract_finish(extract, error);
        g_auto(TreeTar) tar = { .write = extract_push, .data = extract };
        return send_tree(source, name, &tar, error) && extract_finish(extract, error);
}

static bool copy(Runtime *runtime, char **operands, const CopyOptions *options, GError **error) {
        g_auto(CopyEnd) source = COPY_END_EMPTY;
        g_auto(CopyEnd) target = COPY_END_EMPTY;
        g_autofree char *from = g_strdup(operands[0]);
        g_autofree char *to = g_strdup(operands[1]);
        copy_end_parse(from, &source);
        copy_end_parse(to, &target);
        if (!*source.given || !*target.given)
                return error_set_invalid(
                                error, "invalid arguments \"%s\", \"%s\": you must specify paths",
                                operands[0], operands[1]);
        if (!source.container && !target.container)
                return error_set_invalid(error, "name or ID cannot be empty");
        /* containers first: a running one is only reached before we enter a user namespace */
        CopyEnd *ends[] = { source.container ? &source : &target,
                            source.container ? &target : &source };
        for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
                if (!is_stream(ends[i]) && !copy_end_open(runtime, ends[i], error))
                        return false;
        if (!is_stream(&source) && !copy_end_resolve(&source, false, error))
                return false;
        if (!is_stream(&target))
                return copy_end_resolve(&target, true, error) &&
                       receive(&source, &target, options, error);
        g_autofree char *name = source_name(&source);
        g_auto(TreeTar) tar = { .write = write_out };
        return send_tree(&source, name, &tar, error);
}

int verb_cp(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth cp [options] [CONTAINER:]SOURCE [CONTAINER:]DESTINATION",
                .description = "Copy files between a container and the host, or two containers",
                .rows = rows,
                .operands_min = 2,
                .operands_max = 2,
        };
        CopyOptions options = { .archive = true };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int begun;
        if (!cli_begin(&table, argc, argv, &options, &operands, &runtime, &begun))
                return begun;
        umask(0);
        if (!copy(&runtime, operands, &options, &error))
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}
