/* SPDX-License-Identifier: Apache-2.0 */
/* Where signatures come from. */
#include "image/signature-fetch.h"

#include <fcntl.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "image/signature.h"
#include "oci/manifest.h"

#define COSIGN_MEDIA "application/vnd.dev.cosign.simplesigning.v1+json"

/* *ret_bytes stays NULL when there is no such signature. */
static bool get_one(Registry *registry, const char *url, GBytes **ret_bytes, GError **error) {
        g_autoptr(GError) inner = NULL;
        if (g_str_has_prefix(url, "file://")) {
                if (file_read(AT_FDCWD, url + strlen("file://"), SIGNATURE_SIZE_MAX, ret_bytes,
                              &inner) ||
                    g_error_matches(inner, ERROR_ERRNO, ENOENT))
                        return true;
                g_propagate_error(error, g_steal_pointer(&inner));
                return false;
        }
        HttpRequest request = {
                .url = url,
                .what = "a signature",
                .limit = SIGNATURE_SIZE_MAX,
                .insecure = g_str_has_prefix(url, "http://"),
        };
        g_auto(HttpResponse) response = { 0 };
        if (!registry_get_foreign(registry, &request, &response, error))
                return false;
        if (response.status == 404)
                return true;
        if (response.status != 200)
                return error_set(
                                error, IMAGE_ERROR, IMAGE_ERROR_REFUSED,
                                "Cannot get '%s': status %ld", url, response.status);
        *ret_bytes = g_bytes_ref(response.body);
        return true;
}

static bool
fetch_lookaside(Registry *registry,
                const OciReference *name,
                const char *base,
                const char *digest,
                GPtrArray *signatures,
                GError **error) {
        for (unsigned int i = 1; i <= SIGNATURES_MAX; i++) {
                g_autofree char *url =
                                g_strdup_printf("%s/%s@%.6s=%s/signature-%u", base, name->path,
                                                digest, digest_hex(digest), i);
                g_autoptr(GBytes) bytes = NULL;
                if (!get_one(registry, url, &bytes, error))
                        return false;
                if (!bytes)
                        break;
                g_ptr_array_add(signatures, g_steal_pointer(&bytes));
        }
        return true;
}

/* "\0sigstore-json\n{mimeType, payload, annotations}" */
static GBytes *wrap(const OciDescriptor *layer, GBytes *payload) {
        gsize size;
        const guchar *data = g_bytes_get_data(payload, &size);
        g_autoptr(JsonObject) object = json_object_new();
        g_autofree char *encoded = g_base64_encode(data, size);
        json_object_set_string_member(object, "mimeType", layer->media_type);
        json_object_set_string_member(object, "payload", encoded);
        json_set_string_map(object, "annotations", layer->annotations);
        g_autofree char *text = json_format_object(object, false);
        GByteArray *blob = g_byte_array_new();
        g_byte_array_append(blob, (const guint8 *) "\0sigstore-json\n", 15);
        g_byte_array_append(blob, (const guint8 *) text, (guint) strlen(text));
        return g_byte_array_free_to_bytes(blob);
}

static bool
get_payload(Registry *registry, const OciDescriptor *layer, GBytes **ret_bytes, GError **error) {
        g_autofree char *path = g_strconcat("blobs/", layer->digest, NULL);
        HttpRequest request = { .what = "a signature", .limit = SIGNATURE_SIZE_MAX };
        g_auto(HttpResponse) response = { 0 };
        if (!registry_get(registry, path, &request, &response, error))
                return false;
        gsize size;
        const void *data = g_bytes_get_data(response.body, &size);
        if (!digest_verify(layer->digest, data, size, "a signature", error))
                return false;
        *ret_bytes = g_bytes_ref(response.body);
        return true;
}

/* cosign puts them beside the image under the tag "sha256-<hex>.sig". */
static bool
fetch_attachments(Registry *registry, const char *digest, GPtrArray *signatures, GError **error) {
        g_autofree char *path =
                        g_strdup_printf("manifests/%.6s-%s.sig", digest, digest_hex(digest));
        HttpRequest request = {
                .what = "the signatures",
                .accept = OCI_MEDIA_MANIFEST,
                .limit = OCI_MANIFEST_SIZE_MAX,
        };
        g_auto(HttpResponse) response = { 0 };
        g_autoptr(GError) inner = NULL;
        if (!registry_get(registry, path, &request, &response, &inner)) {
                if (g_error_matches(inner, IMAGE_ERROR, IMAGE_ERROR_NOT_FOUND))
                        return true;
                g_propagate_error(error, g_steal_pointer(&inner));
                return false;
        }
        gsize size;
        const char *text = g_bytes_get_data(response.body, &size);
        g_autoptr(OciManifest) manifest =
                        oci_manifest_parse(text, size, response.content_type, error);
        if (!manifest)
                return false;
        for (guint i = 0; i < manifest->layers->len && signatures->len < SIGNATURES_MAX; i++) {
                const OciDescriptor *layer = manifest->layers->pdata[i];
                g_autoptr(GBytes) payload = NULL;
                if (g_strcmp0(layer->media_type, COSIGN_MEDIA) != 0)
                        continue;
                if (!get_payload(registry, layer, &payload, error))
                        return false;
                g_ptr_array_add(signatures, wrap(layer, payload));
        }
        return true;
}

bool signature_fetch(
                Registry *registry,
                const OciReference *name,
                const SignatureStore *store,
                const char *digest,
                GPtrArray *signatures,
                GError **error) {
        return fetch_lookaside(registry, name, store->lookaside, digest, signatures, error) &&
               (!store->attachments || fetch_attachments(registry, digest, signatures, error));
}
