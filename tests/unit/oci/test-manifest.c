/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "oci/manifest.h"

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define D3 "sha256:3333333333333333333333333333333333333333333333333333333333333333"
#define CONFIG                                                                                     \
        "\"config\":{\"mediaType\":\"" OCI_MEDIA_CONFIG "\",\"digest\":\"" D1 "\",\"size\":2}"
#define LAYERS "\"layers\":[{\"mediaType\":\"x\",\"digest\":\"" D2 "\",\"size\":3}]"

static OciManifest *parse(const char *text, const char *type, GError **error) {
        return oci_manifest_parse(text, strlen(text), type, error);
}

static void reads_manifest(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(OciManifest) m = parse(
                        "{\"schemaVersion\":2," CONFIG "," LAYERS "}", OCI_MEDIA_MANIFEST, &error);
        g_assert_no_error(error);
        g_assert_cmpint(m->kind, ==, OCI_DOCUMENT_MANIFEST);
        g_assert_true(oci_manifest_is_image(m));
        const OciDescriptor *layer = m->layers->pdata[0];
        g_assert_cmpstr(layer->digest, ==, D2);
        g_assert_cmpint(layer->size, ==, 3);
}

static void refuses(void) {
        static const struct {
                const char *text, *type, *expect;
        } cases[] = {
                { "{\"schemaVersion\":2," CONFIG "," LAYERS ",\"manifests\":[]}", NULL,
                  "members of a manifest and of an index" },
                { "{\"schemaVersion\":2," CONFIG "," LAYERS "}", OCI_MEDIA_INDEX, "media type" },
                { "{\"schemaVersion\":2,\"mediaType\":\"" OCI_MEDIA_MANIFEST "\"," CONFIG "," LAYERS
                  "}",
                  DOCKER_MEDIA_MANIFEST, "calls itself" },
                { "{\"schemaVersion\":1,\"fsLayers\":[]}", NULL, "schema 1" },
                { "{\"schemaVersion\":3," CONFIG "," LAYERS "}", NULL, "schemaVersion is 3" },
                { "{\"schemaVersion\":2," CONFIG
                  ",\"layers\":[{\"digest\":\"sha256:../x\",\"size\":"
                  "1}]}",
                  NULL, "not a digest" },
                { "{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"digest\":\"" D2
                  "\",\"size\":-1}]}",
                  NULL, "negative size" },
                { "{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"digest\":\"" D2
                  "\",\"size\":\"9\"}]}",
                  NULL, "not an integer" },
                { "{\"schemaVersion\":2," CONFIG "," CONFIG "," LAYERS "}", NULL, "twice" },
                { "[]", NULL, "not a JSON object" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(OciManifest) m = parse(cases[i].text, cases[i].type, &error);
                g_assert_null(m);
                if (!strstr(error->message, cases[i].expect))
                        g_error("case %zu: %s", i, error->message);
        }
        GString *many = g_string_new("{\"schemaVersion\":2," CONFIG ",\"layers\":[");
        for (int i = 0; i <= OCI_LAYERS_MAX; i++)
                g_string_append(many, "{\"digest\":\"" D2 "\",\"size\":1},");
        g_string_truncate(many, many->len - 1);
        g_string_append(many, "]}");
        g_assert_null(parse(many->str, NULL, NULL));
        g_string_free(many, TRUE);
}

#define ENTRY(digest, platform) "{\"digest\":\"" digest "\",\"size\":1," platform "}"

static const char *choose(const char *entries, OciPlatformWish wish) {
        g_autofree char *text =
                        g_strconcat("{\"schemaVersion\":2,\"manifests\":[", entries, "]}", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(OciManifest) index = parse(text, NULL, &error);
        g_assert_no_error(error);
        const OciDescriptor *entry = oci_index_choose(index, &wish, NULL);
        return entry ? g_intern_string(entry->digest) : NULL;
}

static void chooses_platform(void) {
        static const char arms[] =
                        ENTRY(D1, "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\","
                                  "\"variant\":\"v6\"}") "," ENTRY(
                                        D2,
                                        "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\","
                                        "\"variant\":\"v7\"}") "," ENTRY(D3,
                                                                         "\"platform\":{\"os\":"
                                                                         "\"unknown\","
                                                                         "\"architecture\":"
                                                                         "\"unknown\"}");
        g_assert_cmpstr(choose(arms, (OciPlatformWish){ "linux", "arm", "v7" }), ==, D2);
        g_assert_cmpstr(choose(arms, (OciPlatformWish){ "linux", "arm", "v6" }), ==, D1);
        g_assert_null(choose(arms, (OciPlatformWish){ "linux", "arm", "v5" }));
        g_assert_null(choose(arms, (OciPlatformWish){ "linux", "amd64", NULL }));

        static const char mixed[] =
                        ENTRY(D1, "\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\","
                                  "\"variant\":\"v3\"}") "," ENTRY(
                                        D2,
                                        "\"platform\":{\"os\":\"linux\",\"architecture\":"
                                        "\"amd64\"}") "," ENTRY(D3, "\"urls\":[]");
        g_assert_cmpstr(choose(mixed, (OciPlatformWish){ "linux", "amd64", NULL }), ==, D2);
        g_assert_cmpstr(choose(mixed, (OciPlatformWish){ "linux", "s390x", NULL }), ==, D3);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/oci/manifest/reads-a-manifest", reads_manifest);
        g_test_add_func("/oci/manifest/refuses-what-is-ambiguous-or-broken", refuses);
        g_test_add_func("/oci/manifest/chooses-the-platform", chooses_platform);
        return g_test_run();
}
