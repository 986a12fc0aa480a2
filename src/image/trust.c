/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluating policy.json. The manifest's digest is that of the bytes that were read, and a
 * signature counts only for exactly that digest and a name that its requirement allows. */
#include "image/trust.h"

#include <string.h>

#include "base/error.h"
#include "image/http.h"
#include "image/signature.h"

void trust_verdict_clear(TrustVerdict *verdict) {
        g_clear_pointer(&verdict->scope, g_free);
        g_clear_pointer(&verdict->reasons, g_ptr_array_unref);
        g_clear_pointer(&verdict->signers, g_ptr_array_unref);
        g_clear_pointer(&verdict->good, g_ptr_array_unref);
}

static void reason(TrustVerdict *verdict, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void reason(TrustVerdict *verdict, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        g_ptr_array_add(verdict->reasons, g_strdup_vprintf(format, ap));
        va_end(ap);
}

static bool
check_signature(const TrustContext *context,
                const PolicyRequirement *requirement,
                GBytes *blob,
                const char *digest,
                char **ret_signer,
                GError **error) {
        bool sigstore = requirement->type == REQUIREMENT_SIGSTORE;
        g_autoptr(GBytes) document = NULL;
        g_autofree char *signer = NULL;
        bool ok = sigstore ? signature_sigstore_verify(blob, requirement, &document, &signer, error)
                           : signature_gpg_verify(
                                             blob, requirement->keys, &document, &signer, error);
        if (!ok)
                return false;
        g_auto(SignaturePayload) payload = { 0 };
        gsize size;
        const char *text = g_bytes_get_data(document, &size);
        if (!signature_payload_parse(text, size, sigstore, &payload, error))
                return false;
        if (!g_str_equal(payload.digest, digest))
                return error_set_invalid(
                                error, "signed for digest '%s', but the image has '%s'",
                                payload.digest, digest);
        if (!context->name)
                return error_set_invalid(error, "an image without a name cannot be signed");
        if (!signature_identity_fits(requirement, payload.reference, context->name, error))
                return false;
        *ret_signer = g_steal_pointer(&signer);
        return true;
}

static bool
signed_well(const TrustContext *context,
            const PolicyRequirement *requirement,
            GPtrArray *signatures,
            const char *digest,
            TrustVerdict *verdict) {
        bool sigstore = requirement->type == REQUIREMENT_SIGSTORE;
        const char *type = requirement_type_to_text(requirement->type);
        guint n = 0;
        for (guint i = 0; i < signatures->len; i++) {
                GBytes *blob = signatures->pdata[i];
                if (signature_is_sigstore(blob) != sigstore)
                        continue;
                n++;
                g_autoptr(GError) why = NULL;
                g_autofree char *signer = NULL;
                if (check_signature(context, requirement, blob, digest, &signer, &why)) {
                        reason(verdict, "%s: signed by %s", type, signer);
                        g_ptr_array_add(verdict->signers, g_steal_pointer(&signer));
                        g_ptr_array_add(verdict->good, g_bytes_ref(blob));
                        return true;
                }
                reason(verdict, "%s: signature %u: %s", type, n, why->message);
        }
        if (n == 0)
                reason(verdict, "%s: the image has no such signature", type);
        return false;
}

static bool
holds(const TrustContext *context,
      const PolicyRequirement *requirement,
      GPtrArray *signatures,
      const char *digest,
      TrustVerdict *verdict) {
        switch (requirement->type) {
        case REQUIREMENT_ACCEPT:
                reason(verdict, "insecureAcceptAnything: accepted without a look");
                return true;
        case REQUIREMENT_REJECT:
                reason(verdict, "reject: never accepted");
                return false;
        default:
                return signed_well(context, requirement, signatures, digest, verdict);
        }
}

static bool wants_signatures(GPtrArray *requirements) {
        for (guint i = 0; i < requirements->len; i++) {
                RequirementType type = ((PolicyRequirement *) requirements->pdata[i])->type;
                if (type == REQUIREMENT_REJECT)
                        return false; /* nothing to look for */
                if (type != REQUIREMENT_ACCEPT)
                        return true;
        }
        return false;
}

bool trust_evaluate(
                const TrustContext *context,
                ImageSource *source,
                const char *manifest_digest,
                TrustVerdict *verdict,
                GError **error) {
        g_auto(PolicyChoice) choice = { 0 };
        if (!policy_choose(context->policy, context->transport, context->identity, &choice, error))
                return false;
        verdict->scope = g_steal_pointer(&choice.scope);
        verdict->reasons = g_ptr_array_new_with_free_func(g_free);
        verdict->signers = g_ptr_array_new_with_free_func(g_free);
        verdict->good = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        g_autoptr(GPtrArray) signatures =
                        g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        if (wants_signatures(choice.requirements) && source->class->signatures &&
            !source->class->signatures(source, manifest_digest, signatures, error)) {
                g_prefix_error(error, "Cannot get the signatures: ");
                return false;
        }
        bool all = true;
        for (guint i = 0; i < choice.requirements->len && all; i++)
                all = holds(context, choice.requirements->pdata[i], signatures, manifest_digest,
                            verdict);
        if (all)
                return true;
        g_ptr_array_add(verdict->reasons, NULL);
        g_autofree char *text = g_strjoinv("; ", (char **) verdict->reasons->pdata);
        g_ptr_array_remove_index(verdict->reasons, verdict->reasons->len - 1);
        return error_set(
                        error, IMAGE_ERROR, IMAGE_ERROR_UNTRUSTED,
                        "the policy '%s' (%s) does not accept it: %s", context->policy->path,
                        verdict->scope, text);
}

bool trust_verify(
                void *data,
                ImageSource *source,
                const char *manifest_digest,
                GPtrArray *signatures,
                GPtrArray *signers,
                GError **error) {
        g_auto(TrustVerdict) verdict = { 0 };
        if (!trust_evaluate(data, source, manifest_digest, &verdict, error))
                return false;
        for (guint i = 0; i < verdict.good->len; i++)
                g_ptr_array_add(signatures, g_bytes_ref(verdict.good->pdata[i]));
        for (guint i = 0; i < verdict.signers->len; i++)
                g_ptr_array_add(signers, g_strdup(verdict.signers->pdata[i]));
        return true;
}
