/* SPDX-License-Identifier: Apache-2.0 */
/* berth commit */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/commit-config.h"
#include "cli/container-tar.h"
#include "cli/exit.h"
#include "cli/image-program.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "oci/reference.h"
#include "runtime/event.h"
#include "runtime/rootless.h"

#define CONFIG_SIZE_MAX (4u << 20)

typedef struct CommitOptions {
        char *author, *config, *format, *iidfile, *message;
        GPtrArray *changes;
        bool include_volumes, pause, quiet, squash;
} CommitOptions;

static void options_clear(CommitOptions *options) {
        g_free(options->author);
        g_free(options->config);
        g_free(options->format);
        g_free(options->iidfile);
        g_free(options->message);
        g_clear_pointer(&options->changes, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CommitOptions, options_clear)

static const OptionRow rows[] = {
        { "author", 'a', OPTION_STRING, offsetof(CommitOptions, author), "TEXT",
          "Author of the image" },
        { "change", 'c', OPTION_LIST, offsetof(CommitOptions, changes), "INSTRUCTION",
          "CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR" },
        { "config", 0, OPTION_STRING, offsetof(CommitOptions, config), "FILE",
          "Put the settings in a JSON file over the container's" },
        { "format", 'f', OPTION_STRING, offsetof(CommitOptions, format), "FORMAT",
          "oci (default) or docker" },
        { "iidfile", 0, OPTION_STRING, offsetof(CommitOptions, iidfile), "FILE",
          "Write the image's id there" },
        { "include-volumes", 0, OPTION_BOOL, offsetof(CommitOptions, include_volumes), NULL,
          "The container's volumes and binds become volumes of the image" },
        { "message", 'm', OPTION_STRING, offsetof(CommitOptions, message), "TEXT",
          "Comment of the image, with --format=docker" },
        { "pause", 'p', OPTION_BOOL, offsetof(CommitOptions, pause), NULL,
          "Freeze the container meanwhile" },
        { "quiet", 'q', OPTION_BOOL, offsetof(CommitOptions, quiet), NULL, "No progress" },
        { "squash", 's', OPTION_BOOL, offsetof(CommitOptions, squash), NULL,
          "One layer with all files" },
        { NULL },
};

static bool check_options(const CommitOptions *options, bool *ret_docker, GError **error) {
        const char *format = options->format ? options->format : "oci";
        *ret_docker = strcmp(format, "docker") == 0;
        if (!*ret_docker && strcmp(format, "oci") != 0)
                return error_set_invalid(error, "unrecognized image format \"%s\"", format);
        if (options->message && *options->message && !*ret_docker)
                return error_set_invalid(
                                error, "messages are only compatible with the docker image format "
                                       "(-f docker)");
        return true;
}

/* image/commit.h has the members. */
static bool
fill_request(Runtime *runtime,
             const ContainerRecord *record,
             const CommitOptions *options,
             JsonObject *request,
             GError **error) {
        bool docker;
        g_autofree char *merge = NULL;
        g_autofree char **changes = option_list_strv(options->changes);
        if (!check_options(options, &docker, error))
                return false;
        if (options->config &&
            !file_read_text(AT_FDCWD, options->config, CONFIG_SIZE_MAX, &merge, error)) {
                g_prefix_error(error, "--config: ");
                return false;
        }
        JsonObject *config = commit_config_json(runtime, record, options->include_volumes, error);
        if (!config)
                return false;
        json_object_set_object_member(request, "config", config);
        json_object_set_string_member(request, "image", record->image_id);
        json_object_set_boolean_member(request, "docker", docker);
        json_object_set_boolean_member(request, "squash", options->squash);
        json_set_strings(request, "changes", (const char *const *) changes);
        if (merge)
                json_object_set_string_member(request, "merge", merge);
        if (options->author)
                json_object_set_string_member(request, "author", options->author);
        if (options->message)
                json_object_set_string_member(request, "message", options->message);
        return true;
}

typedef struct Source {
        Runtime *runtime;
        const ContainerRecord *record;
        JsonObject *request;
        const CopyEnd *root; /* with --squash */
} Source;

static bool feed(int fd, void *data, GError **error) {
        const Source *source = data;
        g_autofree char *text = json_format_object(source->request, false);
        g_autofree char *head = g_strdup_printf("%016zx%s", strlen(text), text);
        int r = fd_write_all(fd, head, strlen(head));
        if (r < 0)
                return error_set_errno(error, r, "Cannot write to berth-image");
        return source->root ? container_tar_root(source->root, tree_tar_write_fd, &fd, error)
                            : container_tar_layer(
                                              source->runtime, source->record, tree_tar_write_fd,
                                              &fd, error);
}

static bool write_image(const Source *source, const CommitOptions *options, GError **error) {
        char *arguments[] = { (char *) "commit-read", NULL };
        g_autofree char *id = NULL;
        int status;
        if (!image_program_converse(arguments, feed, (void *) source, 256, &id, &status, error))
                return false;
        if (status != 0) /* berth-image has printed the reason */
                return error_set_invalid(
                                error, "Cannot commit container '%s'", source->record->name);
        g_strchomp(id);
        if (options->iidfile &&
            !file_replace(AT_FDCWD, options->iidfile, id, strlen(id), 0644, FILE_VOLATILE, error)) {
                g_prefix_error(error, "failed to write image ID: ");
                return false;
        }
        puts(id);
        return true;
}

static bool
commit(Runtime *runtime,
       const ContainerRecord *record,
       const char *name,
       const CommitOptions *options,
       GError **error) {
        g_autoptr(JsonObject) request = json_object_new();
        g_auto(CopyEnd) root = COPY_END_EMPTY;
        if (!record->image_id)
                return error_set_invalid(
                                error, "cannot commit a container that uses an exploded rootfs");
        g_autofree char *full = name ? oci_reference_given_name(name, error) : NULL;
        if ((name && !full) || !fill_request(runtime, record, options, request, error))
                return false;
        if (full)
                json_object_set_string_member(request, "name", full);
        if (options->squash && !container_tar_open_root(runtime, record->id, &root, error))
                return false;
        const Source source = { runtime, record, request, options->squash ? &root : NULL };
        if (!write_image(&source, options, error))
                return false;
        container_event(runtime, record, "commit");
        return true;
}

static bool
commit_paused(Runtime *runtime, char **operands, const CommitOptions *options, GError **error) {
        g_autoptr(ContainerRecord) record = record_find(runtime->records, operands[0], error);
        if (!record)
                return false;
        bool pauses = options->pause && record_status(record) == CONTAINER_RUNNING &&
                      !record_is_paused(record);
        if (pauses && !container_freeze(record, true, error))
                return false;
        bool ok = commit(runtime, record, operands[1], options, error);
        return (!pauses || container_freeze(record, false, ok ? error : NULL)) && ok;
}

int verb_commit(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth commit [options] CONTAINER [IMAGE]",
                .description = "Make an image of a container's files and settings",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 2,
        };
        g_auto(CommitOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int begun;
        if (!cli_begin(&table, argc, argv, &options, &operands, &runtime, &begun))
                return begun;
        if (!commit_paused(&runtime, operands, &options, &error))
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}
