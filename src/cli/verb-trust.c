/* SPDX-License-Identifier: Apache-2.0 */
/* berth image trust show, berth image trust explain */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/exit.h"
#include "cli/image-verbs.h"
#include "cli/registry-options.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "config/registries-conf.h"
#include "image/trust.h"

typedef struct TrustOptions {
        RegistryFlags registry;
        bool json, raw;
} TrustOptions;

static const OptionRow rows[] = {
        { "json", 'j', OPTION_BOOL, offsetof(TrustOptions, json), NULL, "Print JSON" },
        { "raw", 0, OPTION_BOOL, offsetof(TrustOptions, raw), NULL, "Print the policy file" },
        REGISTRY_OPTION_ROWS(TrustOptions, registry),
        { NULL },
};

static char *shown_type(const PolicyRequirement *requirement) {
        switch (requirement->type) {
        case REQUIREMENT_ACCEPT:
                return g_strdup("accept");
        case REQUIREMENT_REJECT:
                return g_strdup("reject");
        case REQUIREMENT_SIGNED_BY:
                return g_strdup("signed");
        default:
                return g_strdup("sigstoreSigned");
        }
}

static void
add_row(Table *table,
        JsonArray *array,
        const char *transport,
        const char *scope,
        const PolicyRequirement *requirement) {
        g_autofree char *type = shown_type(requirement);
        g_autofree char *keys = requirement->key_names ? g_strjoinv(", ", requirement->key_names)
                                                       : g_strdup("");
        const char *cells[] = { transport, scope, type, keys, NULL };
        table_add(table, g_strdupv((char **) cells));
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "transport", transport);
        json_object_set_string_member(object, "name", scope);
        json_object_set_string_member(object, "type", type);
        json_object_set_string_member(object, "keys", keys);
        json_array_add_object_element(array, object);
}

static bool
add_scope(const Policy *policy,
          const char *transport,
          const char *scope,
          Table *table,
          JsonArray *array,
          GError **error) {
        g_auto(PolicyChoice) choice = { 0 };
        bool is_default = !transport;
        if (!policy_choose(policy, is_default ? "" : transport, scope, &choice, error))
                return false;
        for (guint i = 0; i < choice.requirements->len; i++)
                add_row(table, array, is_default ? "all" : transport,
                        is_default ? "default" : scope, choice.requirements->pdata[i]);
        return true;
}

static bool collect(const Policy *policy, Table *table, JsonArray *array, GError **error) {
        JsonObject *transports = NULL;
        if (!add_scope(policy, NULL, NULL, table, array, error) ||
            !json_get_object(json_node_get_object(policy->root), "transports", &transports, error))
                return false;
        g_autoptr(GList) names = transports ? json_object_get_members(transports) : NULL;
        for (GList *at = names; at; at = at->next) {
                JsonObject *scopes = json_object_get_object_member(transports, at->data);
                g_autoptr(GList) keys = json_object_get_members(scopes);
                for (GList *key = keys; key; key = key->next)
                        if (!add_scope(policy, at->data, key->data, table, array, error))
                                return false;
        }
        return true;
}

static bool show(const TrustOptions *options, const Policy *policy, GError **error) {
        static const char *const headings[] = { "TRANSPORT", "NAME", "TYPE", "KEYS", NULL };
        g_autoptr(Table) table = table_new(headings);
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_ARRAY);
        json_node_take_array(root, json_array_new());
        if (options->raw) {
                g_autofree char *text = json_format(policy->root, true);
                printf("%s\n", text);
                return true;
        }
        if (!collect(policy, table, json_node_get_array(root), error))
                return false;
        if (options->json) {
                g_autofree char *text = json_format(root, true);
                printf("%s\n", text);
        } else {
                table_print(table, true);
        }
        return true;
}

static void
print_verdict(const TrustContext *context,
              const char *digest,
              const TrustVerdict *verdict,
              const GError *refusal) {
        printf("Image:   %s\nDigest:  %s\nPolicy:  %s\nRule:    %s\n", context->identity, digest,
               context->policy->path, verdict->scope);
        for (guint i = 0; i < verdict->reasons->len; i++)
                printf("%s%s\n", i == 0 ? "Why:     " : "         ",
                       (char *) verdict->reasons->pdata[i]);
        for (guint i = 0; i < verdict->signers->len; i++)
                printf("Signer:  %s\n", (char *) verdict->signers->pdata[i]);
        printf("Verdict: %s\n", refusal ? "refused" : "accepted");
}

/* 0 accepted, 1 refused. */
static bool
explain_one(const TrustOptions *options,
            const Policy *policy,
            const OciReference *name,
            bool *ret_accepted,
            GError **error) {
        g_autoptr(RegistriesConf) conf = registries_conf_load(NULL, error);
        g_autoptr(GPtrArray) endpoints = conf ? registries_conf_endpoints(conf, name, error) : NULL;
        if (!endpoints)
                return false;
        const RegistryEndpoint *endpoint = endpoints->pdata[endpoints->len - 1];
        PullSettings settings = registry_flags_settings(&options->registry);
        Registry *registry = registry_new(
                        endpoint->reference, endpoint->insecure, &settings.registry, error);
        if (!registry)
                return false;
        g_autoptr(ImageSource) source = registry_source_new(registry, name);
        g_autofree char *digest = NULL;
        if (!pull_find_manifest(source, NULL, &digest, error))
                return false;
        g_autofree char *identity = oci_reference_format_stored(name);
        TrustContext context = {
                .policy = policy,
                .transport = "docker",
                .identity = identity,
                .name = name,
        };
        g_auto(TrustVerdict) verdict = { 0 };
        g_autoptr(GError) refusal = NULL;
        *ret_accepted = trust_evaluate(&context, source, digest, &verdict, &refusal);
        if (refusal && !g_error_matches(refusal, IMAGE_ERROR, IMAGE_ERROR_UNTRUSTED)) {
                g_propagate_error(error, g_steal_pointer(&refusal));
                return false;
        }
        print_verdict(&context, digest, &verdict, refusal);
        return true;
}

static bool
explain(const TrustOptions *options,
        const Policy *policy,
        const char *text,
        bool *ret_accepted,
        GError **error) {
        if (g_str_has_prefix(text, "docker://"))
                text += strlen("docker://");
        g_autoptr(RegistriesConf) conf = registries_conf_load(NULL, error);
        g_autoptr(GPtrArray) names =
                        conf ? registries_conf_candidates(conf, text, false, error) : NULL;
        return names && explain_one(options, policy, names->pdata[0], ret_accepted, error);
}

int verb_trust(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth image trust show | explain IMAGE [options]",
                .description = "Show the policy for images, or why an image is accepted or not",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 2,
        };
        TrustOptions options = { .registry = { .tls_verify = -1 } };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        g_autoptr(Policy) policy =
                        r == OPTION_RESULT_OK
                                        ? policy_load(options.registry.signature_policy, &error)
                                        : NULL;
        bool ok = policy, accepted = true;
        if (ok && g_str_equal(operands[0], "show"))
                ok = show(&options, policy, &error);
        else if (ok && g_str_equal(operands[0], "explain") && operands[1])
                ok = explain(&options, policy, operands[1], &accepted, &error);
        else if (ok)
                ok = error_set_invalid(&error, "expected 'show' or 'explain IMAGE'");
        registry_flags_clear(&options.registry);
        if (!ok)
                return verb_fail(&error);
        return accepted ? EXIT_STATUS_OK : EXIT_STATUS_FALSE;
}
