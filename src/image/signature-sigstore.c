/* SPDX-License-Identifier: Apache-2.0 */
/* sigstore signatures: the key or certificate, and the transparency log's promise, all checked
 * without asking anybody (cosign's SIGNATURE_SPEC.md; Rekor's hashedrekord 0.0.1). */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "image/certificate.h"
#include "image/signature.h"

#define BLOB_PREFIX      "\0sigstore-json\n"
#define BLOB_PREFIX_SIZE 15

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

/* The parts of one signature. */
typedef struct Sigstore {
        JsonNode *node; /* owns the strings below */
        GBytes *payload;
        GBytes *signature; /* DER */
        const char *signature_text;
        const char *certificate, *chain, *bundle; /* or NULL */
} Sigstore;

static void sigstore_clear(Sigstore *s) {
        g_clear_pointer(&s->node, json_node_unref);
        g_clear_pointer(&s->payload, g_bytes_unref);
        g_clear_pointer(&s->signature, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sigstore, sigstore_clear)

bool signature_is_sigstore(GBytes *blob) {
        gsize size;
        const void *bytes = g_bytes_get_data(blob, &size);
        return size > BLOB_PREFIX_SIZE && memcmp(bytes, BLOB_PREFIX, BLOB_PREFIX_SIZE) == 0;
}

static GBytes *decode(const char *text) {
        gsize size = 0;
        guchar *bytes = g_base64_decode(text, &size);
        return g_bytes_new_take(bytes, size);
}

static bool split(GBytes *blob, Sigstore *s, GError **error) {
        gsize size;
        const char *bytes = g_bytes_get_data(blob, &size);
        JsonObject *root, *annotations;
        const char *payload;
        if (!json_parse_object(
                            bytes + BLOB_PREFIX_SIZE, size - BLOB_PREFIX_SIZE, SIGNATURE_SIZE_MAX,
                            "signature", &s->node, &root, error) ||
            !json_need_string(root, "payload", &payload, error) ||
            !json_need_object(root, "annotations", &annotations, error) ||
            !json_need_string(
                            annotations, "dev.cosignproject.cosign/signature", &s->signature_text,
                            error) ||
            !json_get_string(
                            annotations, "dev.sigstore.cosign/certificate", &s->certificate,
                            error) ||
            !json_get_string(annotations, "dev.sigstore.cosign/chain", &s->chain, error) ||
            !json_get_string(annotations, "dev.sigstore.cosign/bundle", &s->bundle, error))
                return false;
        s->payload = decode(payload);
        s->signature = decode(s->signature_text);
        return true;
}

static EVP_PKEY *read_key(const void *bytes, gsize size) {
        BIO *bio = BIO_new_mem_buf(bytes, (int) MIN(size, INT_MAX));
        EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
        BIO_free(bio);
        return key;
}

/* ECDSA and RSA sign a SHA-256; Ed25519 signs the message itself. */
static bool verifies(EVP_PKEY *key, GBytes *signature, const void *bytes, gsize size) {
        bool plain = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        gsize n;
        const void *data = g_bytes_get_data(signature, &n);
        bool ok = EVP_DigestVerifyInit(context, NULL, plain ? NULL : EVP_sha256(), NULL, key) ==
                                  1 &&
                  EVP_DigestVerify(context, data, n, bytes, size) == 1;
        EVP_MD_CTX_free(context);
        return ok;
}

static bool verifies_bytes(EVP_PKEY *key, GBytes *signature, GBytes *message) {
        gsize size;
        const void *data = g_bytes_get_data(message, &size);
        return verifies(key, signature, data, size);
}

/* RFC 8785 for the one document that is signed here: sorted names, plain strings, integers. */
static char *canonical_payload(JsonObject *payload, GError **error) {
        const char *body, *log_id;
        int64_t time, index;
        if (!json_need_string(payload, "body", &body, error) ||
            !json_need_string(payload, "logID", &log_id, error) ||
            !json_need_int(payload, "integratedTime", &time, error) ||
            !json_need_int(payload, "logIndex", &index, error))
                return NULL;
        if (strpbrk(body, "\"\\") || strpbrk(log_id, "\"\\")) {
                error_set_invalid(error, "transparency log: strange characters");
                return NULL;
        }
        return g_strdup_printf(
                        "{\"body\":\"%s\",\"integratedTime\":%" G_GINT64_FORMAT
                        ",\"logID\":\"%s\",\"logIndex\":%" G_GINT64_FORMAT "}",
                        body, time, log_id, index);
}

/* That the log's entry is about this signature, this document and this key. */
static bool entry_fits(const Sigstore *s, EVP_PKEY *key, const char *body_text, GError **error) {
        g_autoptr(GBytes) body = decode(body_text);
        g_autoptr(JsonNode) node = NULL;
        JsonObject *root, *spec, *data, *hash, *signature, *public_key;
        const char *version, *kind, *algorithm, *value, *content, *key_content;
        gsize size;
        const char *text = g_bytes_get_data(body, &size);
        if (!json_parse_object(text, size, SIGNATURE_SIZE_MAX, "log entry", &node, &root, error) ||
            !json_need_string(root, "apiVersion", &version, error) ||
            !json_need_string(root, "kind", &kind, error) ||
            !json_need_object(root, "spec", &spec, error) ||
            !json_need_object(spec, "data", &data, error) ||
            !json_need_object(data, "hash", &hash, error) ||
            !json_need_string(hash, "algorithm", &algorithm, error) ||
            !json_need_string(hash, "value", &value, error) ||
            !json_need_object(spec, "signature", &signature, error) ||
            !json_need_string(signature, "content", &content, error) ||
            !json_need_object(signature, "publicKey", &public_key, error) ||
            !json_need_string(public_key, "content", &key_content, error))
                return false;
        if (!g_str_equal(version, "0.0.1") || !g_str_equal(kind, "hashedrekord") ||
            !g_str_equal(algorithm, "sha256"))
                return error_set_invalid(error, "log entry of an unknown kind");
        gsize n;
        const void *payload = g_bytes_get_data(s->payload, &n);
        g_autofree char *digest = digest_of_bytes(payload, n);
        g_autoptr(GBytes) logged_signature = decode(content);
        if (!g_str_equal(digest_hex(digest), value) ||
            !g_bytes_equal(logged_signature, s->signature))
                return error_set_invalid(error, "the log entry is about something else");
        g_autoptr(GBytes) logged_key = decode(key_content);
        const char *pem = g_bytes_get_data(logged_key, &n);
        g_autoptr(EVP_PKEY) other = read_key(pem, n);
        g_autoptr(X509) certificate = other ? NULL : certificate_read(pem, n);
        if (!other && certificate)
                other = X509_get_pubkey(certificate);
        return (other && EVP_PKEY_eq(other, key) == 1) ||
               error_set_invalid(error, "the log entry is about another key");
}

/* The bundle's signed entry timestamp, by one of the log's keys. *ret_time: when it was logged. */
static bool
check_log(const Sigstore *s,
          EVP_PKEY *key,
          GPtrArray *log_keys,
          int64_t *ret_time,
          GError **error) {
        g_autoptr(JsonNode) node = NULL;
        JsonObject *root, *payload;
        const char *promise_text, *body;
        if (!s->bundle)
                return error_set_invalid(error, "no entry of a transparency log");
        if (!json_parse_object(
                            s->bundle, strlen(s->bundle), SIGNATURE_SIZE_MAX, "log bundle", &node,
                            &root, error) ||
            !json_need_string(root, "SignedEntryTimestamp", &promise_text, error) ||
            !json_need_object(root, "Payload", &payload, error) ||
            !json_need_string(payload, "body", &body, error) ||
            !json_need_int(payload, "integratedTime", ret_time, error))
                return false;
        g_autofree char *canonical = canonical_payload(payload, error);
        if (!canonical)
                return false;
        g_autoptr(GBytes) promise = decode(promise_text);
        bool good = false;
        for (guint i = 0; i < log_keys->len && !good; i++) {
                gsize size;
                const void *pem = g_bytes_get_data(log_keys->pdata[i], &size);
                g_autoptr(EVP_PKEY) log_key = read_key(pem, size);
                good = log_key && verifies(log_key, promise, canonical, strlen(canonical));
        }
        if (!good)
                return error_set_invalid(error, "the log's promise is not signed by a known log");
        return entry_fits(s, key, body, error);
}

static X509 *read_leaf(const Sigstore *s, EVP_PKEY **ret_key, GError **error) {
        if (!s->certificate) {
                error_set_invalid(error, "no certificate");
                return NULL;
        }
        g_autoptr(X509) leaf = certificate_read(s->certificate, strlen(s->certificate));
        *ret_key = leaf ? X509_get_pubkey(leaf) : NULL;
        if (*ret_key)
                return g_steal_pointer(&leaf);
        error_set_invalid(error, "a certificate that cannot be read");
        return NULL;
}

static bool
check_fulcio(const Sigstore *s, const PolicyRequirement *r, char **ret_signer, GError **error) {
        g_autoptr(EVP_PKEY) key = NULL;
        g_autoptr(X509) leaf = read_leaf(s, &key, error);
        int64_t time;
        if (!leaf || !check_log(s, key, r->rekor, &time, error))
                return false;
        CertificateTrust trust = {
                .roots = r->fulcio->ca,
                .chain = s->chain,
                .time = time,
        };
        if (!certificate_verify(leaf, &trust, error))
                return false;
        if (!certificate_has_issuer(leaf, r->fulcio->issuer))
                return error_set_invalid(
                                error, "the certificate is not by issuer '%s'", r->fulcio->issuer);
        if (!certificate_has_email(leaf, r->fulcio->email))
                return error_set_invalid(
                                error, "the certificate is not for '%s'", r->fulcio->email);
        if (!verifies_bytes(key, s->signature, s->payload))
                return error_set_invalid(error, "the signature does not verify");
        *ret_signer = g_strdup_printf("%s (%s)", r->fulcio->email, r->fulcio->issuer);
        return true;
}

/* Certificates of a CA of one's own. No log vouches for the time of signing, so that the
 * certificate must be good now. */
static bool
check_pki(const Sigstore *s, const PolicyRequirement *r, char **ret_signer, GError **error) {
        const PolicyPki *pki = r->pki;
        g_autoptr(EVP_PKEY) key = NULL;
        g_autoptr(X509) leaf = read_leaf(s, &key, error);
        CertificateTrust trust = {
                .roots = pki->roots,
                .intermediates = pki->intermediates,
                .chain = s->chain,
                .time = g_get_real_time() / G_USEC_PER_SEC,
                .any_usage = true,
        };
        if (!leaf || !certificate_verify(leaf, &trust, error))
                return false;
        if (pki->email && !certificate_has_email(leaf, pki->email))
                return error_set_invalid(error, "the certificate is not for '%s'", pki->email);
        if (pki->hostname && !certificate_has_host(leaf, pki->hostname))
                return error_set_invalid(
                                error, "the certificate is not for host '%s'", pki->hostname);
        if (!verifies_bytes(key, s->signature, s->payload))
                return error_set_invalid(error, "the signature does not verify");
        *ret_signer = g_strdup_printf(
                        "%s (CA %s)", pki->email ? pki->email : pki->hostname, r->key_names[0]);
        return true;
}

static bool
check_keys(const Sigstore *s, const PolicyRequirement *r, char **ret_signer, GError **error) {
        for (guint i = 0; i < r->keys->len; i++) {
                gsize size;
                const void *pem = g_bytes_get_data(r->keys->pdata[i], &size);
                g_autoptr(EVP_PKEY) key = read_key(pem, size);
                if (!key)
                        return error_set_invalid(
                                        error, "'%s' is not a public key", r->key_names[i]);
                if (!verifies_bytes(key, s->signature, s->payload))
                        continue;
                int64_t time;
                if (r->rekor->len > 0 && !check_log(s, key, r->rekor, &time, error))
                        return false;
                *ret_signer = g_strdup(r->key_names[i]);
                return true;
        }
        return error_set_invalid(error, "no key of the policy made this signature");
}

bool signature_sigstore_verify(
                GBytes *blob,
                const PolicyRequirement *requirement,
                GBytes **ret_payload,
                char **ret_signer,
                GError **error) {
        g_auto(Sigstore) s = { 0 };
        if (!split(blob, &s, error))
                return false;
        bool ok = requirement->fulcio ? check_fulcio(&s, requirement, ret_signer, error)
                  : requirement->pki  ? check_pki(&s, requirement, ret_signer, error)
                                      : check_keys(&s, requirement, ret_signer, error);
        if (ok)
                *ret_payload = g_bytes_ref(s.payload);
        return ok;
}
