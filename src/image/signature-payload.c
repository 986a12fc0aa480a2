/* SPDX-License-Identifier: Apache-2.0 */
/* The signed document (containers-signature(5)) and whose name it may speak for. */
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "image/signature.h"

void signature_payload_clear(SignaturePayload *payload) {
        g_clear_pointer(&payload->reference, g_free);
        g_clear_pointer(&payload->digest, g_free);
}

static bool exactly(JsonObject *object, const char *const *members, GError **error) {
        g_autoptr(GList) names = json_object_get_members(object);
        for (GList *at = names; at; at = at->next)
                if (!g_strv_contains(members, at->data))
                        return error_set_invalid(
                                        error, "signed document: unknown member \"%s\"",
                                        (char *) at->data);
        for (; *members; members++)
                if (!json_object_has_member(object, *members))
                        return error_set_invalid(
                                        error, "signed document: member \"%s\" is missing",
                                        *members);
        return true;
}

static bool
take_critical(JsonObject *critical, bool sigstore, SignaturePayload *p, GError **error) {
        static const char *const in_critical[] = { "type", "image", "identity", NULL };
        static const char *const in_image[] = { "docker-manifest-digest", NULL };
        static const char *const in_identity[] = { "docker-reference", NULL };
        const char *wanted = sigstore ? "cosign container image signature"
                                      : "atomic container signature";
        JsonObject *image, *identity;
        const char *type, *digest, *reference;
        if (!exactly(critical, in_critical, error) ||
            !json_need_string(critical, "type", &type, error) ||
            !json_need_object(critical, "image", &image, error) ||
            !json_need_object(critical, "identity", &identity, error) ||
            !exactly(image, in_image, error) || !exactly(identity, in_identity, error) ||
            !json_need_string(image, "docker-manifest-digest", &digest, error) ||
            !json_need_string(identity, "docker-reference", &reference, error))
                return false;
        if (!g_str_equal(type, wanted))
                return error_set_invalid(error, "signed document: type is \"%.100s\"", type);
        if (!digest_is_valid(digest))
                return error_set_invalid(error, "signed document: not a digest");
        p->digest = g_strdup(digest);
        p->reference = g_strdup(reference);
        return true;
}

bool signature_payload_parse(
                const char *bytes,
                size_t size,
                bool sigstore,
                SignaturePayload *ret_payload,
                GError **error) {
        static const char *const in_root[] = { "critical", "optional", NULL };
        g_autoptr(JsonNode) node = NULL;
        JsonObject *root, *critical, *optional;
        int64_t timestamp;
        g_auto(SignaturePayload) payload = { 0 };
        if (!json_parse_object(
                            bytes, size, SIGNATURE_SIZE_MAX, "signed document", &node, &root,
                            error) ||
            !exactly(root, in_root, error) ||
            !json_need_object(root, "critical", &critical, error) ||
            !json_get_object(root, "optional", &optional, error) ||
            (optional && !json_get_int(optional, "timestamp", &timestamp, error)) ||
            !take_critical(critical, sigstore, &payload, error))
                return false;
        *ret_payload = payload;
        payload = (SignaturePayload){ 0 };
        return true;
}

static bool same_repository(const OciReference *a, const OciReference *b) {
        return g_str_equal(a->domain, b->domain) && g_str_equal(a->path, b->path);
}

static bool same_exactly(const OciReference *a, const OciReference *b) {
        /* an image without tag and digest has no exact name to compare */
        return same_repository(a, b) && (a->tag || a->digest) && g_strcmp0(a->tag, b->tag) == 0 &&
               g_strcmp0(a->digest, b->digest) == 0;
}

/* remapIdentity: the image's name with prefix replaced by signedPrefix. */
static OciReference *
remap(const PolicyRequirement *requirement, const OciReference *name, GError **error) {
        g_autofree char *text = oci_reference_format(name);
        size_t n = strlen(requirement->match_value);
        if (strncmp(text, requirement->match_value, n) != 0 || (text[n] && !strchr(":@/", text[n])))
                return oci_reference_copy(name);
        g_autofree char *mapped = g_strconcat(requirement->match_signed, text + n, NULL);
        return oci_reference_parse(mapped, error);
}

static bool repo_digest_or_exact(const OciReference *have, const OciReference *name) {
        return name->digest ? same_repository(have, name) : same_exactly(have, name);
}

bool signature_identity_fits(
                const PolicyRequirement *r,
                const char *signed_reference,
                const OciReference *name,
                GError **error) {
        g_autoptr(OciReference) have = oci_reference_parse(signed_reference, error);
        if (!have)
                return false;
        g_autoptr(OciReference) other = NULL;
        bool fits = false;
        switch (r->match) {
        case IDENTITY_EXACT:
                fits = same_exactly(have, name);
                break;
        case IDENTITY_REPO_DIGEST_OR_EXACT:
                fits = repo_digest_or_exact(have, name);
                break;
        case IDENTITY_REPOSITORY:
                fits = same_repository(have, name);
                break;
        case IDENTITY_EXACT_REFERENCE:
        case IDENTITY_EXACT_REPOSITORY:
                other = oci_reference_parse(r->match_value, error);
                if (!other)
                        return false;
                fits = r->match == IDENTITY_EXACT_REFERENCE ? same_exactly(have, other)
                                                            : same_repository(have, other);
                break;
        case IDENTITY_REMAP:
                other = remap(r, name, error);
                if (!other)
                        return false;
                fits = repo_digest_or_exact(have, other);
                break;
        }
        g_autofree char *wanted = oci_reference_format(name);
        return fits || error_set_invalid(
                                       error, "signature for identity '%.255s' does not fit '%s'",
                                       signed_reference, wanted);
}
