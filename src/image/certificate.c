/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that sigstore signatures come with. */
#include "image/certificate.h"

#include <limits.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/error.h"

#define CHAIN_MAX      16                      /* certificates that come with a signature */
#define ROOTS_MAX      1000                    /* and those of a file of the policy */
#define ISSUER_OID     "1.3.6.1.4.1.57264.1.8" /* DER UTF8String */
#define OLD_ISSUER_OID "1.3.6.1.4.1.57264.1.1" /* the bare text */

X509 *certificate_read(const char *text, gsize size) {
        BIO *bio = BIO_new_mem_buf(text, (int) MIN(size, INT_MAX));
        X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        BIO_free(bio);
        return certificate;
}

static STACK_OF(X509) * read_chain(GBytes *pem, int n_max) {
        gsize size;
        const void *bytes = g_bytes_get_data(pem, &size);
        STACK_OF(X509) *chain = sk_X509_new_null();
        BIO *bio = size > 0 ? BIO_new_mem_buf(bytes, (int) MIN(size, INT_MAX)) : NULL;
        X509 *one;
        while (bio && sk_X509_num(chain) < n_max &&
               (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
                sk_X509_push(chain, one);
        BIO_free(bio);
        return chain;
}

static void add_roots(X509_STORE *store, GBytes *pem) {
        STACK_OF(X509) *roots = read_chain(pem, ROOTS_MAX);
        for (int i = 0; i < sk_X509_num(roots); i++)
                X509_STORE_add_cert(store, sk_X509_value(roots, i));
        sk_X509_pop_free(roots, X509_free);
}

/* What may stand between: the policy's own, and what came with the signature. */
static STACK_OF(X509) * read_between(const CertificateTrust *trust) {
        g_autoptr(GBytes) chain = g_bytes_new(
                        trust->chain ? trust->chain : "", trust->chain ? strlen(trust->chain) : 0);
        STACK_OF(X509) *between = read_chain(chain, CHAIN_MAX);
        STACK_OF(X509) *given =
                        trust->intermediates ? read_chain(trust->intermediates, ROOTS_MAX) : NULL;
        while (given && sk_X509_num(given) > 0)
                sk_X509_push(between, sk_X509_shift(given));
        sk_X509_free(given);
        return between;
}

static bool is_for_signing_code(X509 *leaf, bool any_usage) {
        uint32_t usage = X509_get_extended_key_usage(leaf);
        if (usage == UINT32_MAX) /* it does not say: RFC 5280, 4.2.1.12 lets it be for anything */
                return any_usage;
        return (usage & XKU_CODE_SIGN) || (any_usage && (usage & XKU_ANYEKU));
}

bool certificate_verify(X509 *leaf, const CertificateTrust *trust, GError **error) {
        STACK_OF(X509) *between = read_between(trust);
        X509_STORE *store = X509_STORE_new();
        add_roots(store, trust->roots);
        X509_STORE_CTX *context = X509_STORE_CTX_new();
        int problem = X509_V_ERR_UNSPECIFIED;
        if (X509_STORE_CTX_init(context, store, leaf, between) == 1) {
                X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
                X509_VERIFY_PARAM_set_time(parameters, (time_t) trust->time);
                X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
                problem = X509_verify_cert(context) == 1 ? X509_V_OK
                                                         : X509_STORE_CTX_get_error(context);
        }
        X509_STORE_CTX_free(context);
        X509_STORE_free(store);
        sk_X509_pop_free(between, X509_free);
        if (problem != X509_V_OK)
                return error_set_invalid(
                                error, "the certificate is not of the configured CA: %s",
                                X509_verify_cert_error_string(problem));
        return is_for_signing_code(leaf, trust->any_usage) ||
               error_set_invalid(error, "the certificate is not for signing code");
}

bool certificate_has_email(X509 *leaf, const char *email) {
        GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
        bool found = false;
        for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
                const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
                if (name->type != GEN_EMAIL)
                        continue;
                const ASN1_STRING *text = name->d.rfc822Name;
                size_t n = (size_t) ASN1_STRING_length(text);
                found = found ||
                        (n == strlen(email) && memcmp(ASN1_STRING_get0_data(text), email, n) == 0);
        }
        GENERAL_NAMES_free(names);
        return found;
}

/* The text of an extension, or NULL. The newer one is wrapped in a DER string with a short length.
 */
static char *extension_text(X509 *leaf, const char *oid, bool wrapped) {
        ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
        int at = X509_get_ext_by_OBJ(leaf, object, -1);
        ASN1_OBJECT_free(object);
        if (at < 0)
                return NULL;
        const ASN1_STRING *data = X509_EXTENSION_get_data(X509_get_ext(leaf, at));
        const unsigned char *bytes = ASN1_STRING_get0_data(data);
        long size = ASN1_STRING_length(data);
        if (!wrapped)
                return g_strndup((const char *) bytes, (gsize) size);
        ASN1_UTF8STRING *inner = d2i_ASN1_UTF8STRING(NULL, &bytes, size);
        char *text = inner ? g_strndup((const char *) ASN1_STRING_get0_data(inner),
                                       (gsize) ASN1_STRING_length(inner))
                           : NULL;
        ASN1_UTF8STRING_free(inner);
        return text;
}

bool certificate_has_issuer(X509 *leaf, const char *wanted) {
        g_autofree char *newer = extension_text(leaf, ISSUER_OID, true);
        g_autofree char *older = extension_text(leaf, OLD_ISSUER_OID, false);
        if (newer && older && !g_str_equal(newer, older))
                return false;
        return g_strcmp0(newer ? newer : older, wanted) == 0;
}

/* RFC 6125: only alternative names count. A name that is an address is one there, too. */
bool certificate_has_host(X509 *leaf, const char *host) {
        unsigned int flags =
                        X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
        return X509_check_host(leaf, host, 0, flags, NULL) == 1 ||
               X509_check_ip_asc(leaf, host, 0) == 1;
}
