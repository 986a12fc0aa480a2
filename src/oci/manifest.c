/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and indexes, OCI and Docker schema 2. */
#include "oci/manifest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "oci/member.h"

GQuark oci_error_quark(void) {
        return g_quark_from_static_string("berth-oci");
}

void oci_platform_clear(OciPlatform *platform) {
        g_clear_pointer(&platform->architecture, g_free);
        g_clear_pointer(&platform->os, g_free);
        g_clear_pointer(&platform->variant, g_free);
}

void oci_descriptor_free(OciDescriptor *descriptor) {
        if (!descriptor)
                return;
        g_free(descriptor->media_type);
        g_free(descriptor->digest);
        g_strfreev(descriptor->urls);
        g_free(descriptor->data);
        g_free(descriptor->artifact_type);
        g_clear_pointer(&descriptor->annotations, g_hash_table_unref);
        if (descriptor->platform)
                oci_platform_clear(descriptor->platform);
        g_free(descriptor->platform);
        g_free(descriptor);
}

void oci_manifest_free(OciManifest *manifest) {
        if (!manifest)
                return;
        g_free(manifest->media_type);
        g_free(manifest->artifact_type);
        oci_descriptor_free(manifest->config);
        g_clear_pointer(&manifest->layers, g_ptr_array_unref);
        g_clear_pointer(&manifest->annotations, g_hash_table_unref);
        g_free(manifest);
}

static bool take_platform(JsonObject *object, OciDescriptor *descriptor, GError **error) {
        JsonObject *inner;
        if (!json_get_object(object, "platform", &inner, error))
                return false;
        if (!inner)
                return true;
        OciPlatform *platform = descriptor->platform = g_new0(OciPlatform, 1);
        return oci_member_text(inner, "architecture", &platform->architecture, error) &&
               oci_member_text(inner, "os", &platform->os, error) &&
               oci_member_text(inner, "variant", &platform->variant, error);
}

static OciDescriptor *descriptor_parse(JsonObject *object, GError **error) {
        g_autoptr(OciDescriptor) d = g_new0(OciDescriptor, 1);
        const char *digest;
        bool ok = oci_member_text(object, "mediaType", &d->media_type, error) &&
                  json_need_string(object, "digest", &digest, error) &&
                  json_need_int(object, "size", &d->size, error) &&
                  json_get_strings(object, "urls", &d->urls, error) &&
                  oci_member_text(object, "data", &d->data, error) &&
                  oci_member_text(object, "artifactType", &d->artifact_type, error) &&
                  json_get_string_map(object, "annotations", &d->annotations, error) &&
                  take_platform(object, d, error);
        if (!ok)
                return NULL;
        if (!digest_is_valid(digest)) {
                error_set_invalid(error, "'%.140s' is not a digest", digest);
                return NULL;
        }
        if (d->size < 0) {
                error_set_invalid(error, "negative size");
                return NULL;
        }
        d->digest = g_strdup(digest);
        return g_steal_pointer(&d);
}

static bool
take_descriptors(JsonObject *root, const char *name, guint max, OciManifest *m, GError **error) {
        JsonArray *array;
        if (!json_need_array(root, name, &array, error))
                return false;
        guint n = json_array_get_length(array);
        if (n > max)
                return error_set_invalid(error, "%s: more than %u entries", name, max);
        for (guint i = 0; i < n; i++) {
                JsonObject *object;
                if (!json_element_object(array, i, &object, error))
                        return false;
                OciDescriptor *descriptor = descriptor_parse(object, error);
                if (!descriptor) {
                        g_prefix_error(error, "%s[%u]: ", name, i);
                        return false;
                }
                g_ptr_array_add(m->layers, descriptor);
        }
        return true;
}

/* What a media type says about the structure; generic ones say nothing. */
typedef enum TypeClaim {
        CLAIM_NOTHING,
        CLAIM_MANIFEST,
        CLAIM_INDEX,
        CLAIM_SCHEMA1,
} TypeClaim;

static TypeClaim claim_of(const char *media_type) {
        if (!media_type)
                return CLAIM_NOTHING;
        if (g_str_has_prefix(media_type, "application/vnd.docker.distribution.manifest.v1+"))
                return CLAIM_SCHEMA1;
        if (g_str_equal(media_type, OCI_MEDIA_MANIFEST) ||
            g_str_equal(media_type, DOCKER_MEDIA_MANIFEST))
                return CLAIM_MANIFEST;
        if (g_str_equal(media_type, OCI_MEDIA_INDEX) || g_str_equal(media_type, DOCKER_MEDIA_INDEX))
                return CLAIM_INDEX;
        return CLAIM_NOTHING;
}

/* Settles which of the two documents this is. A document that can be read as either is an attack
 * (image-spec manifest.md, "mediaType"): what one tool verified another would run. */
static bool
decide_kind(JsonObject *root, const char *content_type, OciManifest *m, GError **error) {
        const char *media_type;
        if (!json_get_string(root, "mediaType", &media_type, error))
                return false;
        bool is_index = json_object_has_member(root, "manifests");
        bool is_manifest = json_object_has_member(root, "layers") ||
                           json_object_has_member(root, "config");
        TypeClaim served = claim_of(content_type);
        TypeClaim claimed = claim_of(media_type);
        if (served == CLAIM_SCHEMA1 || claimed == CLAIM_SCHEMA1 ||
            json_object_has_member(root, "fsLayers"))
                return error_set(
                                error, OCI_ERROR, OCI_ERROR_SCHEMA1,
                                "Docker image manifest version 1 (schema 1) is not supported; the "
                                "image must be pushed again by a newer tool");
        if (is_index == is_manifest)
                return error_set_invalid(
                                error, is_index ? "has the members of a manifest and of an index"
                                                : "is neither a manifest nor an index");
        if (served != CLAIM_NOTHING && claimed != CLAIM_NOTHING &&
            !g_str_equal(content_type, media_type))
                return error_set_invalid(
                                error, "was served as '%s' but calls itself '%s'", content_type,
                                media_type);
        TypeClaim claim = claimed != CLAIM_NOTHING ? claimed : served;
        if (claim != CLAIM_NOTHING && (claim == CLAIM_INDEX) != is_index)
                return error_set_invalid(error, "is not what its media type says");
        m->kind = is_index ? OCI_DOCUMENT_INDEX : OCI_DOCUMENT_MANIFEST;
        const char *fallback = is_index ? OCI_MEDIA_INDEX : OCI_MEDIA_MANIFEST;
        m->media_type =
                        g_strdup(claimed != CLAIM_NOTHING  ? media_type
                                 : served != CLAIM_NOTHING ? content_type
                                                           : fallback);
        return true;
}

static bool fill(JsonObject *root, const char *content_type, OciManifest *m, GError **error) {
        int64_t version;
        if (!decide_kind(root, content_type, m, error) ||
            !json_get_int(root, "schemaVersion", &version, error))
                return false;
        if (version != 2)
                return error_set_invalid(error, "schemaVersion is %" G_GINT64_FORMAT, version);
        if (!json_get_string_map(root, "annotations", &m->annotations, error) ||
            !oci_member_text(root, "artifactType", &m->artifact_type, error))
                return false;
        if (m->kind == OCI_DOCUMENT_INDEX)
                return take_descriptors(root, "manifests", OCI_INDEX_ENTRIES_MAX, m, error);
        JsonObject *config;
        if (!json_need_object(root, "config", &config, error))
                return false;
        m->config = descriptor_parse(config, error);
        if (!m->config) {
                g_prefix_error(error, "config: ");
                return false;
        }
        return take_descriptors(root, "layers", OCI_LAYERS_MAX, m, error);
}

OciManifest *
oci_manifest_parse(const char *bytes, size_t size, const char *content_type, GError **error) {
        g_autoptr(JsonNode) node = NULL;
        JsonObject *root;
        if (!json_parse_object(bytes, size, OCI_MANIFEST_SIZE_MAX, "manifest", &node, &root, error))
                return NULL;
        g_autoptr(OciManifest) manifest = g_new0(OciManifest, 1);
        manifest->layers = g_ptr_array_new_with_free_func((GDestroyNotify) oci_descriptor_free);
        if (!fill(root, content_type, manifest, error)) {
                g_prefix_error(error, "manifest: ");
                return NULL;
        }
        return g_steal_pointer(&manifest);
}

bool oci_manifest_is_image(const OciManifest *manifest) {
        if (manifest->kind != OCI_DOCUMENT_MANIFEST)
                return false;
        const char *type = manifest->config->media_type;
        return type &&
               (g_str_equal(type, OCI_MEDIA_CONFIG) || g_str_equal(type, DOCKER_MEDIA_CONFIG));
}

bool oci_layer_is_foreign(const OciDescriptor *layer) {
        const char *type = layer->media_type ? layer->media_type : "";
        return strstr(type, ".nondistributable.") || strstr(type, ".rootfs.foreign.");
}

OciPlatformWish oci_platform_host(void) {
        static const struct {
                const char *machine, *architecture, *variant;
        } map[] = {
                { "x86_64", "amd64", NULL },
                { "aarch64", "arm64", NULL },
                { "armv7l", "arm", "v7" },
                { "armv6l", "arm", "v6" },
                { "i686", "386", NULL },
                { "ppc64le", "ppc64le", NULL },
                { "s390x", "s390x", NULL },
                { "riscv64", "riscv64", NULL },
                { "loongarch64", "loong64", NULL },
        };
        OciPlatformWish wish = { .os = "linux", .architecture = "amd64" };
        struct utsname name;
        if (uname(&name) < 0)
                return wish;
        for (size_t i = 0; i < G_N_ELEMENTS(map); i++)
                if (strcmp(map[i].machine, name.machine) == 0) {
                        wish.architecture = map[i].architecture;
                        wish.variant = map[i].variant;
                }
        return wish;
}

bool oci_platform_parse(const char *text, OciPlatform *ret_platform, GError **error) {
        g_auto(GStrv) parts = g_strsplit(text, "/", 4);
        guint n = g_strv_length(parts);
        bool empty = n == 0;
        for (guint i = 0; i < n; i++)
                empty = empty || !*parts[i];
        if (empty || n > 3)
                return error_set_invalid(error, "'%s' is not a platform (os/arch[/variant])", text);
        bool has_os = n > 1;
        ret_platform->os = has_os ? g_strdup(parts[0]) : NULL;
        ret_platform->architecture = g_strdup(parts[has_os]);
        ret_platform->variant = n > 2 ? g_strdup(parts[2]) : NULL;
        return true;
}

/* "v8" -> 8; 0 when there is none. */
static int variant_number(const char *variant) {
        return variant && variant[0] == 'v' ? (int) CLAMP(atoi(variant + 1), 0, 99) : 0;
}

/* Higher is better, 0 does not fit. arm is downwards compatible (v7 runs v6 and v5); of arm64 and
 * amd64 only the plain level is sure to run here. */
static int entry_rank(const OciDescriptor *entry, const OciPlatformWish *wish) {
        const OciPlatform *p = entry->platform;
        if (!p || !p->os || !p->architecture)
                return 1;
        if (!g_str_equal(p->os, wish->os) || !g_str_equal(p->architecture, wish->architecture))
                return 0;
        if (!p->variant || !*p->variant)
                return 300;
        int have = variant_number(p->variant);
        if (g_strcmp0(p->variant, wish->variant) == 0)
                return 400;
        if (g_str_equal(p->architecture, "arm")) {
                int limit = wish->variant ? variant_number(wish->variant) : 7;
                return have <= limit ? 200 + have : 0;
        }
        if (g_str_equal(p->architecture, "arm64") && !wish->variant)
                return have == 8 ? 350 : 0;
        return wish->variant ? 0 : have <= 1 ? 250 : 0;
}

const OciDescriptor *
oci_index_choose(const OciManifest *index, const OciPlatformWish *wish, GError **error) {
        const OciDescriptor *best = NULL;
        int best_rank = 0;
        for (guint i = 0; i < index->layers->len; i++) {
                const OciDescriptor *entry = index->layers->pdata[i];
                /* buildkit hangs attestations into the index beside the images. */
                if (entry->annotations &&
                    g_hash_table_contains(entry->annotations, "vnd.docker.reference.type"))
                        continue;
                int rank = entry_rank(entry, wish);
                if (rank > best_rank) {
                        best = entry;
                        best_rank = rank;
                }
        }
        if (!best)
                error_set(error, OCI_ERROR, OCI_ERROR_NO_PLATFORM,
                          "no image found in the index for platform '%s/%s%s%s'", wish->os,
                          wish->architecture, wish->variant ? "/" : "",
                          wish->variant ? wish->variant : "");
        return best;
}
