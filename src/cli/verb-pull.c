/* SPDX-License-Identifier: Apache-2.0 */
/* berth pull */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/exit.h"
#include "cli/image-event.h"
#include "cli/image-verbs.h"
#include "cli/registry-options.h"
#include "cli/store-open.h"
#include "cli/transport-pull.h"
#include "cli/verb.h"

typedef struct PullVerbOptions {
        RegistryFlags registry;
        char *arch, *os, *variant, *platform, *policy;
        bool quiet, disable_content_trust, all_tags;
} PullVerbOptions;

static const OptionRow rows[] = {
        { "quiet", 'q', OPTION_BOOL, offsetof(PullVerbOptions, quiet), NULL,
          "Print only the image id" },
        { "all-tags", 'a', OPTION_BOOL, offsetof(PullVerbOptions, all_tags), NULL,
          "Every tag of the repository" },
        { "platform", 0, OPTION_STRING, offsetof(PullVerbOptions, platform), "OS/ARCH",
          "Platform to choose from an index" },
        { "arch", 0, OPTION_STRING, offsetof(PullVerbOptions, arch), "ARCH",
          "Architecture to choose" },
        { "os", 0, OPTION_STRING, offsetof(PullVerbOptions, os), "OS", "System to choose" },
        { "variant", 0, OPTION_STRING, offsetof(PullVerbOptions, variant), "VARIANT",
          "Variant of the architecture" },
        { "policy", 0, OPTION_STRING, offsetof(PullVerbOptions, policy), "POLICY",
          "always, missing, newer or never" },
        { "disable-content-trust", 0, OPTION_BOOL, offsetof(PullVerbOptions, disable_content_trust),
          NULL, NULL },
        REGISTRY_OPTION_ROWS(PullVerbOptions, registry),
        { NULL },
};

static void options_clear(PullVerbOptions *options) {
        registry_flags_clear(&options->registry);
        g_free(options->arch);
        g_free(options->os);
        g_free(options->variant);
        g_free(options->platform);
        g_free(options->policy);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PullVerbOptions, options_clear)

typedef enum PullPolicy {
        PULL_ALWAYS,
        PULL_MISSING,
        PULL_NEWER,
        PULL_NEVER,
} PullPolicy;

static bool policy_from_text(const char *text, PullPolicy *ret_policy, GError **error) {
        static const char *const names[] = { "always", "missing", "newer", "never", NULL };
        for (int i = 0; text && names[i]; i++)
                if (strcmp(names[i], text) == 0) {
                        *ret_policy = (PullPolicy) i;
                        return true;
                }
        *ret_policy = PULL_ALWAYS;
        return !text || error_set_invalid(error, "unsupported pull policy \"%s\"", text);
}

/* "oci:/a/b" without a name in it becomes localhost/a/b, as Podman calls it. */
static char *name_of_path(const char *text) {
        const char *path = strchr(text, ':') + 1;
        g_autofree char *bare = g_strndup(path, strcspn(path, ":"));
        g_autofree char *lower = g_ascii_strdown(bare, -1);
        return g_strconcat("localhost/", lower + strspn(lower, "/."), NULL);
}

static bool
pull_transport(Store *store,
               const char *text,
               const PullSettings *settings,
               char **ret_id,
               GError **error) {
        g_auto(Transport) transport = { 0 };
        if (!transport_open(store, text, &transport, error))
                return false;
        if (transport.images->len > 1)
                return error_set_invalid(
                                error, "'%s' has %u images: say which one", text,
                                transport.images->len);
        g_autofree char *fallback = name_of_path(text);
        g_auto(GStrv) names = NULL;
        return transport_pull(
                        store, transport.images->pdata[0], fallback, settings->policy,
                        settings->quiet, &names, ret_id, error);
}

static bool
pull_one(Store *store,
         const char *name,
         PullPolicy policy,
         const PullSettings *settings,
         char **ret_id,
         GError **error) {
        g_autoptr(StoreImage) present = NULL;
        bool found = policy != PULL_ALWAYS && store_image_find(store, name, &present, NULL);
        if (found && policy != PULL_NEWER) {
                *ret_id = g_strdup(present->id);
                return true;
        }
        if (policy == PULL_NEVER)
                return error_set(
                                error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "%s: image not known",
                                name);
        if (!transport_is_registry(name))
                return pull_transport(store, name, settings, ret_id, error);
        if (g_str_has_prefix(name, "docker://"))
                name += strlen("docker://");
        g_autoptr(GError) inner = NULL;
        if (pull_by_name(store, name, settings, ret_id, &inner))
                return true;
        if (!found) {
                g_propagate_error(error, g_steal_pointer(&inner));
                return false;
        }
        *ret_id = g_strdup(present->id); /* "newer" is content with what is here */
        return true;
}

static bool
pull_and_print(Store *store,
               const char *name,
               PullPolicy policy,
               const PullSettings *settings,
               GError **error) {
        g_autofree char *id = NULL;
        if (!pull_one(store, name, policy, settings, &id, error))
                return false;
        image_event("pull", id, name);
        printf("%s\n", id);
        return true;
}

static bool
pull_tags(Store *store,
          const char *name,
          PullPolicy policy,
          const PullSettings *settings,
          GError **error) {
        if (!transport_is_registry(name))
                return error_set_invalid(error, "--all-tags is for registries, not for '%s'", name);
        if (g_str_has_prefix(name, "docker://"))
                name += strlen("docker://");
        g_autoptr(GPtrArray) all = pull_all_tags(name, settings, error);
        for (guint i = 0; all && i < all->len; i++)
                if (!pull_and_print(store, all->pdata[i], policy, settings, error))
                        return false;
        return all;
}

static bool
take_platform(const PullVerbOptions *options,
              OciPlatform *parsed,
              OciPlatformWish *wish,
              GError **error) {
        *wish = oci_platform_host();
        if (options->platform && !oci_platform_parse(options->platform, parsed, error))
                return false;
        const char *architecture = options->arch ? options->arch : parsed->architecture;
        if (parsed->os || options->os)
                wish->os = options->os ? options->os : parsed->os;
        if (architecture) {
                wish->architecture = architecture;
                wish->variant = parsed->variant;
        }
        if (options->variant)
                wish->variant = options->variant;
        return true;
}

int verb_pull(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth pull [options] IMAGE [IMAGE...]",
                .description = "Pull an image from a registry",
                .rows = rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        g_auto(PullVerbOptions) options = { .registry = { .tls_verify = -1, .retry = 3 } };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &names, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        PullPolicy policy;
        OciPlatform parsed = { 0 };
        OciPlatformWish wish;
        g_autoptr(Store) store = NULL;
        if (r == OPTION_RESULT_ERROR || !policy_from_text(options.policy, &policy, &error) ||
            !take_platform(&options, &parsed, &wish, &error) || !(store = cli_store_open(&error))) {
                oci_platform_clear(&parsed);
                return verb_fail(&error);
        }
        PullSettings settings = registry_flags_settings(&options.registry);
        g_autoptr(Policy) trust = policy_load(options.registry.signature_policy, &error);
        if (!trust) {
                oci_platform_clear(&parsed);
                return verb_fail(&error);
        }
        settings.policy = trust;
        settings.quiet = options.quiet;
        settings.platform = &wish;
        bool ok = true;
        for (char **name = names; *name && ok; name++)
                ok = options.all_tags ? pull_tags(store, *name, policy, &settings, &error)
                                      : pull_and_print(store, *name, policy, &settings, &error);
        int status = ok ? EXIT_STATUS_OK : verb_fail(&error);
        oci_platform_clear(&parsed);
        return status;
}
