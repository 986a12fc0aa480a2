/* SPDX-License-Identifier: Apache-2.0 */
/* berth load, save, import */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/exit.h"
#include "cli/image-event.h"
#include "cli/image-verbs.h"
#include "cli/options.h"
#include "cli/store-open.h"
#include "cli/transport-pull.h"
#include "cli/verb.h"
#include "image/import.h"
#include "image/save.h"
#include "image/transport.h"

typedef struct LoadOptions {
        char *input, *signature_policy;
        bool quiet;
} LoadOptions;

static const OptionRow load_rows[] = {
        { "input", 'i', OPTION_STRING, offsetof(LoadOptions, input), "PATH",
          "Archive or directory (default: standard input)" },
        { "quiet", 'q', OPTION_BOOL, offsetof(LoadOptions, quiet), NULL, "No progress" },
        { "signature-policy", 0, OPTION_STRING, offsetof(LoadOptions, signature_policy), NULL,
          NULL },
        { NULL },
};

static bool load(const LoadOptions *options, GError **error) {
        g_autoptr(Store) store = cli_store_open(error);
        g_auto(Transport) transport = { 0 };
        if (!options->input && isatty(STDIN_FILENO))
                return error_set_invalid(
                                error, "cannot read from terminal, use command-line redirection or "
                                       "the --input flag");
        const char *path = options->input ? options->input : "/dev/stdin";
        g_autoptr(Policy) policy = policy_load(options->signature_policy, error);
        if (!store || !policy || !transport_open_any(store, path, &transport, error))
                return false;
        for (guint i = 0; i < transport.images->len; i++) {
                LocalImage *image = transport.images->pdata[i];
                g_autofree char *id = NULL;
                g_auto(GStrv) names = NULL;
                if (!transport_pull(store, image, NULL, policy, true, &names, &id, error))
                        return false;
                image_event("loadfromarchive", id, path);
                for (char **name = names; *name; name++)
                        printf("Loaded image: %s\n", *name);
                if (!*names)
                        printf("Loaded image: sha256:%s\n", id);
        }
        return true;
}

int verb_load(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth load [options]",
                .description = "Load images from an archive or a directory",
                .rows = load_rows,
        };
        LoadOptions options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        int status = EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR || (r == OPTION_RESULT_OK && !load(&options, &error)))
                status = verb_fail(&error);
        g_free(options.input);
        g_free(options.signature_policy);
        return status;
}

typedef struct SaveOptions {
        char *output, *format;
        bool quiet, multi, compress, uncompressed;
} SaveOptions;

static const OptionRow save_rows[] = {
        { "output", 'o', OPTION_STRING, offsetof(SaveOptions, output), "PATH",
          "File to write (default: standard output)" },
        { "format", 0, OPTION_STRING, offsetof(SaveOptions, format), "FORMAT",
          "docker-archive, oci-archive, docker-dir or oci-dir" },
        { "multi-image-archive", 'm', OPTION_BOOL, offsetof(SaveOptions, multi), NULL,
          "All arguments are images, not further names of the first" },
        { "quiet", 'q', OPTION_BOOL, offsetof(SaveOptions, quiet), NULL, "No progress" },
        { "compress", 0, OPTION_BOOL, offsetof(SaveOptions, compress), NULL, NULL },
        { "uncompressed", 0, OPTION_BOOL, offsetof(SaveOptions, uncompressed), NULL, NULL },
        { NULL },
};

static bool save_format(const char *text, SaveFormat *ret_format, GError **error) {
        static const struct {
                const char *text;
                SaveFormat format;
        } formats[] = {
                { "docker-archive", SAVE_DOCKER_ARCHIVE },
                { "oci-archive", SAVE_OCI_ARCHIVE },
                { "docker-dir", SAVE_DOCKER_DIRECTORY },
                { "oci-dir", SAVE_OCI_DIRECTORY },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
                if (!text || g_str_equal(text, formats[i].text)) {
                        *ret_format = formats[i].format;
                        return true;
                }
        return error_set_invalid(error, "unknown format \"%s\"", text);
}

static void tell_saved(Store *store, char **names, const char *path) {
        for (; *names; names++) {
                g_autoptr(StoreImage) image = NULL;
                if (store_image_find(store, *names, &image, NULL)) /* gone meanwhile: no matter */
                        image_event("save", image->id, path);
        }
}

static bool check_save(const SaveOptions *options, const SaveRequest *request, GError **error) {
        bool is_directory = request->format == SAVE_DOCKER_DIRECTORY ||
                            request->format == SAVE_OCI_DIRECTORY;
        if (options->compress)
                return error_set_invalid(
                                error,
                                request->format == SAVE_DOCKER_DIRECTORY
                                                ? "--compress is not supported: layers are saved "
                                                  "as "
                                                  "they are in the store"
                                                : "--compress can only be set when --format is "
                                                  "'docker-dir'");
        if (!options->output && is_directory)
                return error_set_invalid(
                                error, "--format=%s needs a directory: give it with --output",
                                options->format);
        if (!options->output && isatty(STDOUT_FILENO))
                return error_set_invalid(
                                error, "refusing to save to terminal. Use -o flag or redirect");
        return true;
}

/* A file that could not be finished is not left. */
static bool save(const SaveOptions *options, char **names, GError **error) {
        SaveRequest request = { .multi = options->multi,
                                .fd = STDOUT_FILENO,
                                .path = options->output };
        g_autoptr(Store) store = NULL;
        if (!save_format(options->format, &request.format, error) ||
            !check_save(options, &request, error) || !(store = cli_store_open(error)))
                return false;
        const char *const *list = (const char *const *) names;
        bool to_file = options->output && request.format != SAVE_DOCKER_DIRECTORY &&
                       request.format != SAVE_OCI_DIRECTORY;
        autofd int fd = to_file ? open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                       0644)
                                : -1;
        if (to_file && fd < 0)
                return error_set_errno(error, errno, "Cannot write '%s'", options->output);
        if (to_file)
                request.fd = fd;
        if (save_images(store, list, &request, error)) {
                char *first[] = { names[0], NULL };
                if (options->output)
                        tell_saved(store, options->multi ? names : first, options->output);
                return true;
        }
        if (to_file)
                (void) unlink(options->output);
        return false;
}

int verb_save(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth save [options] IMAGE [IMAGE...]",
                .description = "Save images to an archive",
                .rows = save_rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        SaveOptions options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &names, &error);
        int status = EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR || (r == OPTION_RESULT_OK && !save(&options, names, &error)))
                status = verb_fail(&error);
        g_free(options.output);
        g_free(options.format);
        return status;
}

typedef struct ImportOptions {
        GPtrArray *changes;
        char *message, *arch, *os, *variant;
        bool quiet;
} ImportOptions;

static const OptionRow import_rows[] = {
        { "arch", 0, OPTION_STRING, offsetof(ImportOptions, arch), "ARCH",
          "Architecture of the image (default: this machine's)" },
        { "os", 0, OPTION_STRING, offsetof(ImportOptions, os), "OS", "System of the image" },
        { "variant", 0, OPTION_STRING, offsetof(ImportOptions, variant), "VARIANT",
          "Variant of the architecture" },
        { "change", 'c', OPTION_LIST, offsetof(ImportOptions, changes), "INSTRUCTION",
          "CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR" },
        { "message", 'm', OPTION_STRING, offsetof(ImportOptions, message), "TEXT",
          "Comment of the image" },
        { "quiet", 'q', OPTION_BOOL, offsetof(ImportOptions, quiet), NULL, "No progress" },
        { NULL },
};

static bool import(const ImportOptions *options, char **operands, GError **error) {
        g_autoptr(Store) store = cli_store_open(error);
        if (!store)
                return false;
        const char *path = g_str_equal(operands[0], "-") ? "/dev/stdin" : operands[0];
        g_autofree char *name = NULL;
        if (operands[1] && !(name = transport_stored_name(operands[1], false)))
                return error_set_invalid(error, "invalid reference '%s'", operands[1]);
        autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", path);
        g_autofree char **changes = option_list_strv(options->changes);
        g_autofree char *id = NULL;
        OciPlatformWish platform = oci_platform_host();
        platform.os = options->os ? options->os : platform.os;
        platform.architecture = options->arch ? options->arch : platform.architecture;
        platform.variant = options->variant;
        if (!import_tar(store, fd, name, &platform, (const char *const *) changes, options->message,
                        &id, error)) {
                g_prefix_error(error, "'%s': ", operands[0]);
                return false;
        }
        image_event("import", id, operands[0]);
        if (name)
                image_event("tag", id, name);
        printf("sha256:%s\n", id);
        return true;
}

int verb_import(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth import [options] PATH [NAME]",
                .description = "Make an image of a root file system in a tar archive",
                .rows = import_rows,
                .operands_min = 1,
                .operands_max = 2,
        };
        ImportOptions options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        int status = EXIT_STATUS_OK;
        if (r == OPTION_RESULT_ERROR ||
            (r == OPTION_RESULT_OK && !import(&options, operands, &error)))
                status = verb_fail(&error);
        g_clear_pointer(&options.changes, g_ptr_array_unref);
        g_free(options.message);
        g_free(options.arch);
        g_free(options.os);
        g_free(options.variant);
        return status;
}
