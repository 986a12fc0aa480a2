/* SPDX-License-Identifier: Apache-2.0 */
/* The requirement types of policy.json. */
#include "config/policy-requirement.h"

#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

#define KEY_SIZE_MAX (4u << 20)
#define KEYS_MAX     100

static const struct {
        const char *text;
        RequirementType type;
} types[] = {
        { "insecureAcceptAnything", REQUIREMENT_ACCEPT },
        { "reject", REQUIREMENT_REJECT },
        { "signedBy", REQUIREMENT_SIGNED_BY },
        { "sigstoreSigned", REQUIREMENT_SIGSTORE },
};

const char *requirement_type_to_text(RequirementType type) {
        return types[type].text;
}

void policy_requirement_free(PolicyRequirement *requirement) {
        if (!requirement)
                return;
        g_clear_pointer(&requirement->keys, g_ptr_array_unref);
        g_clear_pointer(&requirement->rekor, g_ptr_array_unref);
        g_strfreev(requirement->key_names);
        if (requirement->fulcio) {
                g_clear_pointer(&requirement->fulcio->ca, g_bytes_unref);
                g_free(requirement->fulcio->issuer);
                g_free(requirement->fulcio->email);
                g_free(requirement->fulcio);
        }
        if (requirement->pki) {
                g_clear_pointer(&requirement->pki->roots, g_bytes_unref);
                g_clear_pointer(&requirement->pki->intermediates, g_bytes_unref);
                g_free(requirement->pki->email);
                g_free(requirement->pki->hostname);
                g_free(requirement->pki);
        }
        g_free(requirement->match_value);
        g_free(requirement->match_signed);
        g_free(requirement);
}

static bool only_members(JsonObject *object, const char *const *allowed, GError **error) {
        g_autoptr(GList) names = json_object_get_members(object);
        for (GList *at = names; at; at = at->next)
                if (!g_strv_contains(allowed, at->data))
                        return error_set_invalid(error, "unknown member \"%s\"", (char *) at->data);
        return true;
}

static bool add_file(GPtrArray *keys, const char *path, GError **error) {
        GBytes *bytes = NULL;
        if (keys->len >= KEYS_MAX)
                return error_set_invalid(error, "more than %d keys", KEYS_MAX);
        if (!file_read(AT_FDCWD, path, KEY_SIZE_MAX, &bytes, error))
                return false;
        g_ptr_array_add(keys, bytes);
        return true;
}

static bool add_data(GPtrArray *keys, const char *text, GError **error) {
        gsize size = 0;
        guchar *bytes = g_base64_decode(text, &size);
        if (size == 0) {
                g_free(bytes);
                return error_set_invalid(error, "key data are not base64");
        }
        g_ptr_array_add(keys, g_bytes_new_take(bytes, size));
        return true;
}

/* <stem>Path, <stem>Paths, <stem>Data, <stem>Datas: exactly one of them. *ret_found: there was one.
 */
static bool
take_keys(JsonObject *object,
          const char *stem,
          GPtrArray *keys,
          GStrvBuilder *names,
          bool *ret_found,
          GError **error) {
        static const char *const suffixes[] = { "Path", "Paths", "Data", "Datas" };
        guint found = 0;
        for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *member = g_strconcat(stem, suffixes[i], NULL);
                g_auto(GStrv) values = NULL;
                if (!json_object_has_member(object, member))
                        continue;
                found++;
                if (i % 2 == 1) {
                        if (!json_get_strings(object, member, &values, error))
                                return false;
                } else {
                        const char *one;
                        if (!json_need_string(object, member, &one, error))
                                return false;
                        values = g_new0(char *, 2);
                        values[0] = g_strdup(one);
                }
                if (!values || !values[0])
                        return error_set_invalid(error, "\"%s\" is empty", member);
                for (char **at = values; *at; at++) {
                        if (!(i < 2 ? add_file(keys, *at, error) : add_data(keys, *at, error)))
                                return false;
                        if (names)
                                g_strv_builder_add(names, i < 2 ? *at : "(inline)");
                }
        }
        *ret_found = found > 0;
        return found <= 1 ||
               error_set_invalid(error, "more than one of %sPath, %sPaths and so on", stem, stem);
}

static bool take_fulcio(JsonObject *object, PolicyRequirement *r, bool *ret_found, GError **error) {
        static const char *const allowed[] = { "caPath", "caData", "oidcIssuer", "subjectEmail",
                                               NULL };
        JsonObject *inner;
        const char *issuer, *email;
        if (!json_get_object(object, "fulcio", &inner, error))
                return false;
        *ret_found = inner;
        if (!inner)
                return true;
        g_autoptr(GPtrArray) ca = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        bool has_ca;
        if (!only_members(inner, allowed, error) ||
            !take_keys(inner, "ca", ca, NULL, &has_ca, error) ||
            !json_need_string(inner, "oidcIssuer", &issuer, error) ||
            !json_need_string(inner, "subjectEmail", &email, error))
                return false;
        if (ca->len != 1)
                return error_set_invalid(error, "fulcio needs one of caPath and caData");
        r->fulcio = g_new0(PolicyFulcio, 1);
        r->fulcio->ca = g_bytes_ref(ca->pdata[0]);
        r->fulcio->issuer = g_strdup(issuer);
        r->fulcio->email = g_strdup(email);
        return true;
}

static bool
take_pki(JsonObject *object,
         PolicyRequirement *r,
         GStrvBuilder *names,
         bool *ret_found,
         GError **error) {
        static const char *const allowed[] = { "caRootsPath",
                                               "caRootsData",
                                               "caIntermediatesPath",
                                               "caIntermediatesData",
                                               "subjectEmail",
                                               "subjectHostname",
                                               NULL };
        JsonObject *inner;
        const char *email, *hostname;
        if (!json_get_object(object, "pki", &inner, error))
                return false;
        *ret_found = inner;
        if (!inner)
                return true;
        g_autoptr(GPtrArray) roots = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        g_autoptr(GPtrArray) between =
                        g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        bool has_roots, has_between;
        if (!only_members(inner, allowed, error) ||
            !take_keys(inner, "caRoots", roots, names, &has_roots, error) ||
            !take_keys(inner, "caIntermediates", between, NULL, &has_between, error) ||
            !json_get_string(inner, "subjectEmail", &email, error) ||
            !json_get_string(inner, "subjectHostname", &hostname, error))
                return false;
        if (!has_roots)
                return error_set_invalid(error, "pki needs one of caRootsPath and caRootsData");
        /* Any certificate of the CA would do, were nobody named. */
        if ((!email || !*email) && (!hostname || !*hostname))
                return error_set_invalid(error, "pki needs subjectEmail, subjectHostname or both");
        r->pki = g_new0(PolicyPki, 1);
        r->pki->roots = g_bytes_ref(roots->pdata[0]);
        r->pki->intermediates = has_between ? g_bytes_ref(between->pdata[0]) : NULL;
        r->pki->email = email && *email ? g_strdup(email) : NULL;
        r->pki->hostname = hostname && *hostname ? g_strdup(hostname) : NULL;
        return true;
}

/* Row: the type's name, what it means, and the members it needs. */
static const struct {
        const char *text;
        IdentityMatch match;
        const char *value, *signed_value;
} identities[] = {
        { "matchExact", IDENTITY_EXACT, NULL, NULL },
        { "matchRepoDigestOrExact", IDENTITY_REPO_DIGEST_OR_EXACT, NULL, NULL },
        { "matchRepository", IDENTITY_REPOSITORY, NULL, NULL },
        { "exactReference", IDENTITY_EXACT_REFERENCE, "dockerReference", NULL },
        { "exactRepository", IDENTITY_EXACT_REPOSITORY, "dockerRepository", NULL },
        { "remapIdentity", IDENTITY_REMAP, "prefix", "signedPrefix" },
};

static bool take_identity(JsonObject *object, PolicyRequirement *r, GError **error) {
        JsonObject *inner;
        const char *type, *value = NULL, *signed_value = NULL;
        r->match = IDENTITY_REPO_DIGEST_OR_EXACT;
        if (!json_get_object(object, "signedIdentity", &inner, error))
                return false;
        if (!inner)
                return true;
        if (!json_need_string(inner, "type", &type, error))
                return false;
        for (size_t i = 0; i < G_N_ELEMENTS(identities); i++) {
                if (!g_str_equal(identities[i].text, type))
                        continue;
                const char *allowed[] = { "type", identities[i].value, identities[i].signed_value,
                                          NULL };
                if (!only_members(inner, allowed, error) ||
                    (identities[i].value &&
                     !json_need_string(inner, identities[i].value, &value, error)) ||
                    (identities[i].signed_value &&
                     !json_need_string(inner, identities[i].signed_value, &signed_value, error)))
                        return false;
                r->match = identities[i].match;
                r->match_value = g_strdup(value);
                r->match_signed = g_strdup(signed_value);
                return true;
        }
        return error_set_invalid(error, "signedIdentity: unknown type \"%s\"", type);
}

static bool take_signed_by(JsonObject *object, PolicyRequirement *r, GError **error) {
        static const char *const allowed[] = { "type",    "keyType",        "keyPath", "keyPaths",
                                               "keyData", "signedIdentity", NULL };
        const char *key_type;
        bool found;
        g_autoptr(GStrvBuilder) names = g_strv_builder_new();
        if (!only_members(object, allowed, error) ||
            !json_need_string(object, "keyType", &key_type, error) ||
            !take_keys(object, "key", r->keys, names, &found, error))
                return false;
        r->key_names = g_strv_builder_end(names);
        if (!g_str_equal(key_type, "GPGKeys"))
                return error_set_invalid(error, "keyType \"%s\" is not supported", key_type);
        if (!found)
                return error_set_invalid(error, "one of keyPath, keyPaths and keyData is needed");
        return take_identity(object, r, error);
}

static bool take_sigstore(JsonObject *object, PolicyRequirement *r, GError **error) {
        static const char *const allowed[] = { "type",
                                               "keyPath",
                                               "keyPaths",
                                               "keyData",
                                               "keyDatas",
                                               "fulcio",
                                               "pki",
                                               "rekorPublicKeyPath",
                                               "rekorPublicKeyPaths",
                                               "rekorPublicKeyData",
                                               "rekorPublicKeyDatas",
                                               "signedIdentity",
                                               NULL };
        bool has_key, has_fulcio, has_pki, has_rekor;
        g_autoptr(GStrvBuilder) names = g_strv_builder_new();
        if (!only_members(object, allowed, error) ||
            !take_keys(object, "key", r->keys, names, &has_key, error) ||
            !take_fulcio(object, r, &has_fulcio, error) ||
            !take_pki(object, r, names, &has_pki, error) ||
            !take_keys(object, "rekorPublicKey", r->rekor, NULL, &has_rekor, error))
                return false;
        r->key_names = g_strv_builder_end(names);
        if (has_key + has_fulcio + has_pki != 1)
                return error_set_invalid(error, "exactly one of a key, fulcio and pki is needed");
        if (has_pki && has_rekor)
                return error_set_invalid(error, "pki and rekorPublicKey exclude each other");
        if (has_fulcio && !has_rekor)
                return error_set_invalid(error, "fulcio needs rekorPublicKeyPath or -Data");
        return take_identity(object, r, error);
}

PolicyRequirement *policy_requirement_parse(JsonObject *object, GError **error) {
        static const char *const only_type[] = { "type", NULL };
        const char *type;
        if (!json_need_string(object, "type", &type, error))
                return NULL;
        PolicyRequirement *r = g_new0(PolicyRequirement, 1);
        r->keys = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        r->rekor = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        size_t i = 0;
        while (i < G_N_ELEMENTS(types) && !g_str_equal(types[i].text, type))
                i++;
        bool ok;
        if (i == G_N_ELEMENTS(types)) {
                ok = error_set_invalid(error, "unknown requirement type \"%s\"", type);
        } else {
                r->type = types[i].type;
                ok = r->type == REQUIREMENT_SIGNED_BY  ? take_signed_by(object, r, error)
                     : r->type == REQUIREMENT_SIGSTORE ? take_sigstore(object, r, error)
                                                       : only_members(object, only_type, error);
        }
        if (ok)
                return r;
        g_prefix_error(error, "%s: ", type);
        policy_requirement_free(r);
        return NULL;
}
