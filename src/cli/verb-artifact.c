/* SPDX-License-Identifier: Apache-2.0 */
/* berth artifact add, pull, ls, inspect, extract, rm */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/image-verbs.h"
#include "cli/registry-options.h"
#include "cli/store-open.h"
#include "cli/table.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "image/artifact.h"
#include "image/trust.h"

typedef struct ArtifactOptions {
        RegistryFlags registry;
        bool quiet, all, no_trunc, no_heading;
        char *format, *digest, *title, *type;
        GPtrArray *annotations;
} ArtifactOptions;

static const OptionRow rows[] = {
        { "quiet", 'q', OPTION_BOOL, offsetof(ArtifactOptions, quiet), NULL, "No progress" },
        { "all", 'a', OPTION_BOOL, offsetof(ArtifactOptions, all), NULL, "rm: all artifacts" },
        { "format", 0, OPTION_STRING, offsetof(ArtifactOptions, format), "TEMPLATE",
          "ls: a template" },
        { "no-trunc", 0, OPTION_BOOL, offsetof(ArtifactOptions, no_trunc), NULL,
          "ls: whole digests" },
        { "noheading", 'n', OPTION_BOOL, offsetof(ArtifactOptions, no_heading), NULL,
          "ls: no heading" },
        { "annotation", 0, OPTION_LIST, offsetof(ArtifactOptions, annotations), "KEY=VALUE",
          "add: of every file" },
        { "type", 0, OPTION_STRING, offsetof(ArtifactOptions, type), "TYPE",
          "add: what the artifact is" },
        { "digest", 0, OPTION_STRING, offsetof(ArtifactOptions, digest), "DIGEST",
          "extract: only the blob with this digest" },
        { "title", 0, OPTION_STRING, offsetof(ArtifactOptions, title), "TITLE",
          "extract: only the blob with this title" },
        REGISTRY_OPTION_ROWS(ArtifactOptions, registry),
        { NULL },
};

/* A full name: artifacts have no short ones. */
static OciReference *full_name(const char *text, GError **error) {
        if (!oci_reference_is_short(text))
                return oci_reference_parse_tagged(text, error);
        error_set_invalid(error, "'%s': an artifact needs a full name with its registry", text);
        return NULL;
}

typedef struct Wanted {
        ArtifactStore *artifacts;
        char *digest;
} Wanted;

static bool pull_to_artifacts(
                ImageSource *source,
                const char *stored,
                TrustContext *trust,
                void *data,
                GError **error) {
        Wanted *wanted = data;
        return artifact_pull(
                        wanted->artifacts, source, stored, trust_verify, trust, &wanted->digest,
                        error);
}

static bool pull(Store *store, const ArtifactOptions *options, char **operands, GError **error) {
        g_autoptr(ArtifactStore) artifacts = artifact_store_open(store, true, error);
        g_autoptr(OciReference) name = artifacts ? full_name(operands[0], error) : NULL;
        g_autoptr(RegistriesConf) conf = name ? registries_conf_load(NULL, error) : NULL;
        g_autoptr(Policy) policy =
                        conf ? policy_load(options->registry.signature_policy, error) : NULL;
        if (!policy)
                return false;
        PullSettings settings = registry_flags_settings(&options->registry);
        settings.policy = policy;
        Wanted wanted = { .artifacts = artifacts };
        if (!pull_from_endpoints(conf, name, &settings, pull_to_artifacts, &wanted, error))
                return false;
        g_autofree char *digest = wanted.digest;
        printf("%s\n", digest_hex(digest));
        return true;
}

static bool add(Store *store, const ArtifactOptions *options, char **operands, GError **error) {
        g_autoptr(OciReference) name = oci_reference_parse(operands[0], error);
        g_autoptr(ArtifactStore) artifacts = name ? artifact_store_open(store, true, error) : NULL;
        g_autofree char **annotations = option_list_strv(options->annotations);
        g_autofree char *digest = NULL;
        const ArtifactContent content = {
                .type = options->type,
                .annotations = (const char *const *) annotations,
                .paths = (const char *const *) operands + 1,
        };
        if (!artifacts || !artifact_add(artifacts, operands[0], &content, &digest, error))
                return false;
        printf("%s\n", digest_hex(digest));
        return true;
}

static void split_name(const char *name, char **ret_repository, char **ret_tag) {
        g_autoptr(OciReference) reference = oci_reference_parse(name, NULL);
        *ret_repository = reference ? oci_reference_format_repository(reference) : g_strdup(name);
        *ret_tag = g_strdup(reference && reference->tag ? reference->tag : "<none>");
}

static bool list(Store *store, const ArtifactOptions *options, char **operands, GError **error) {
        g_autoptr(ArtifactStore) artifacts = artifact_store_open(store, false, error);
        g_autoptr(GPtrArray) all = artifacts ? artifact_list(artifacts, error) : NULL;
        if (!all)
                return false;
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        for (guint i = 0; i < all->len; i++) {
                const Artifact *artifact = all->pdata[i];
                g_autofree char *repository = NULL;
                g_autofree char *tag = NULL;
                g_autofree char *size = text_format_size((uint64_t) artifact->size);
                g_autofree char *digest = g_strndup(
                                digest_hex(artifact->digest), options->no_trunc ? 64 : 12);
                split_name(artifact->name, &repository, &tag);
                JsonObject *object = json_object_new();
                json_object_set_string_member(object, "Repository", repository);
                json_object_set_string_member(object, "Tag", tag);
                json_object_set_string_member(object, "Digest", digest);
                json_object_set_string_member(object, "Size", size);
                g_ptr_array_add(objects, object);
        }
        const char *format = options->format ? options->format
                                             : "table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t"
                                               "{{.Size}}";
        return template_print(format, objects, !options->no_heading, error);
}

static bool inspect(Store *store, const ArtifactOptions *options, char **operands, GError **error) {
        g_autoptr(ArtifactStore) artifacts = artifact_store_open(store, false, error);
        g_autoptr(Artifact) artifact =
                        artifacts ? artifact_find(artifacts, operands[0], error) : NULL;
        if (!artifact)
                return false;
        gsize size;
        const char *text = g_bytes_get_data(artifact->bytes, &size);
        g_autoptr(JsonNode) manifest = NULL;
        if (!json_parse(text, size, OCI_MANIFEST_SIZE_MAX, "manifest", &manifest, error))
                return false;
        g_autoptr(JsonObject) object = json_object_new();
        json_object_set_member(object, "Manifest", g_steal_pointer(&manifest));
        json_object_set_string_member(object, "Name", artifact->name);
        json_object_set_string_member(object, "Digest", artifact->digest);
        g_autofree char *out = json_format_object(object, true);
        printf("%s\n", out);
        return true;
}

/* Below a directory the title is the file's name; without one the digest is. */
static bool
extract_one(ArtifactStore *artifacts,
            const OciDescriptor *layer,
            const char *target,
            bool is_directory,
            GError **error) {
        const char *title = artifact_title(layer);
        g_autofree char *plain = title ? g_path_get_basename(title) : NULL;
        bool usable = plain && g_str_equal(plain, title) && plain[0] != '.';
        g_autofree char *path =
                        is_directory ? g_build_filename(
                                                       target,
                                                       usable ? plain : digest_hex(layer->digest),
                                                       NULL)
                                     : g_strdup(target);
        autofd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot write '%s'", path);
        return artifact_extract(artifacts, layer, fd, error);
}

static bool is_wanted(const ArtifactOptions *options, const OciDescriptor *layer) {
        return (!options->digest || g_str_equal(options->digest, layer->digest)) &&
               (!options->title || g_strcmp0(options->title, artifact_title(layer)) == 0);
}

static bool extract(Store *store, const ArtifactOptions *options, char **operands, GError **error) {
        if (!operands[0] || !operands[1])
                return error_set_invalid(error, "expected an artifact and a target");
        g_autoptr(ArtifactStore) artifacts = artifact_store_open(store, false, error);
        g_autoptr(Artifact) artifact =
                        artifacts ? artifact_find(artifacts, operands[0], error) : NULL;
        if (!artifact)
                return false;
        struct stat st;
        bool is_directory = stat(operands[1], &st) == 0 && S_ISDIR(st.st_mode);
        g_autoptr(GPtrArray) wanted = g_ptr_array_new();
        for (guint i = 0; i < artifact->manifest->layers->len; i++)
                if (is_wanted(options, artifact->manifest->layers->pdata[i]))
                        g_ptr_array_add(wanted, artifact->manifest->layers->pdata[i]);
        if (wanted->len == 0)
                return error_set_invalid(error, "'%s' has no such blob", operands[0]);
        if (wanted->len > 1 && !is_directory)
                return error_set_invalid(
                                error, "'%s' has %u blobs: the target must be a directory",
                                operands[0], wanted->len);
        for (guint i = 0; i < wanted->len; i++)
                if (!extract_one(artifacts, wanted->pdata[i], operands[1], is_directory, error))
                        return false;
        return true;
}

static bool
remove_artifacts(Store *store, const ArtifactOptions *options, char **operands, GError **error) {
        g_autoptr(ArtifactStore) artifacts = artifact_store_open(store, false, error);
        g_autoptr(GPtrArray) all = artifacts ? artifact_list(artifacts, error) : NULL;
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        if (!all)
                return false;
        for (guint i = 0; options->all && i < all->len; i++)
                g_ptr_array_add(names, ((Artifact *) all->pdata[i])->name);
        for (char **name = operands; !options->all && *name; name++)
                g_ptr_array_add(names, *name);
        for (guint i = 0; i < names->len; i++) {
                g_autofree char *digest = NULL;
                if (!artifact_remove(artifacts, names->pdata[i], &digest, error))
                        return false;
                printf("%s\n", digest_hex(digest));
        }
        return true;
}

static const struct {
        const char *name;
        int operands_min;
        bool (*run)(Store *store, const ArtifactOptions *options, char **operands, GError **error);
} actions[] = {
        { "add", 2, add },
        { "pull", 1, pull },
        { "ls", 0, list },
        { "list", 0, list },
        { "inspect", 1, inspect },
        { "extract", 2, extract },
        { "rm", 0, remove_artifacts },
};

int verb_artifact(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth artifact add|pull|ls|inspect|extract|rm [options] [ARTIFACT] "
                         "[PATH...]",
                .description = "Manage OCI artifacts",
                .rows = rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        ArtifactOptions options = { .registry = { .tls_verify = -1 } };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        bool ok = r == OPTION_RESULT_OK;
        size_t i = 0;
        while (ok && i < G_N_ELEMENTS(actions) && !g_str_equal(actions[i].name, operands[0]))
                i++;
        if (ok && i == G_N_ELEMENTS(actions))
                ok = error_set_invalid(&error, "unknown verb 'artifact %s'", operands[0]);
        else if (ok && (int) g_strv_length(operands + 1) < actions[i].operands_min)
                ok = error_set_invalid(&error, "artifact %s: an argument is missing", operands[0]);
        g_autoptr(Store) store = ok ? cli_store_open(&error) : NULL;
        ok = store && actions[i].run(store, &options, operands + 1, &error);
        registry_flags_clear(&options.registry);
        g_free(options.format);
        g_free(options.digest);
        g_free(options.title);
        g_free(options.type);
        g_clear_pointer(&options.annotations, g_ptr_array_unref);
        return ok ? EXIT_STATUS_OK : verb_fail(&error);
}
