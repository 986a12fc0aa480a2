/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "oci/image-config.h"

static OciImageConfig *parse(const char *text, GError **error) {
        return oci_image_config_parse(text, strlen(text), error);
}

static void reads(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(OciImageConfig) c = parse(
                        "{\"created\":\"2024-01-02T03:04:05Z\",\"architecture\":\"amd64\",\"os\":"
                        "\"linux\",\"config\":{\"Env\":[\"A=1\"],\"Entrypoint\":null,\"Cmd\":"
                        "\"echo "
                        "x\",\"User\":\"1000:1000\",\"Volumes\":{\"/b\":{},\"/a\":{}},"
                        "\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{\"k\":\"v\"},\"Healthcheck\":"
                        "{\"Test\":[\"CMD\",\"true\"],\"Interval\":1000000000,\"Retries\":3}},"
                        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:"
                        "1111111111111111111111111111111111111111111111111111111111111111\"]},"
                        "\"history\":[{\"created_by\":\"RUN x\"},{\"empty_layer\":true}]}",
                        &error);
        g_assert_no_error(error);
        g_assert_cmpstr(c->env[0], ==, "A=1");
        g_assert_null(c->entrypoint);
        g_assert_cmpstr(c->cmd[0], ==, "/bin/sh");
        g_assert_cmpstr(c->cmd[2], ==, "echo x");
        g_assert_cmpstr(c->user, ==, "1000:1000");
        g_assert_cmpstr(c->volumes[0], ==, "/a");
        g_assert_cmpstr(c->exposed_ports[0], ==, "80/tcp");
        g_assert_cmpstr(g_hash_table_lookup(c->labels, "k"), ==, "v");
        g_assert_cmpint(c->healthcheck->interval_nsec, ==, 1000000000);
        g_assert_cmpuint(c->n_history, ==, 2);
        g_assert_true(c->history[1].empty_layer);
        g_assert_cmpuint(g_strv_length(c->diff_ids), ==, 1);
}

static void tolerates(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(OciImageConfig) c = parse("{\"config\":null,\"rootfs\":null}", &error);
        g_assert_no_error(error);
        g_assert_nonnull(c->labels);
        g_assert_nonnull(c->diff_ids);
}

static void refuses(void) {
        static const char *const cases[] = {
                "{\"config\":{\"Env\":\"A=1\"}}",
                "{\"config\":{\"Labels\":{\"a\":1}}}",
                "{\"rootfs\":{\"diff_ids\":[\"md5:1\"]}}",
                "{\"history\":[1]}",
                "{\"os\":1}",
                "[]",
                "",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                g_assert_null(parse(cases[i], &error));
                g_assert_true(g_str_has_prefix(error->message, "image config"));
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/oci/image-config/reads-docker-and-oci", reads);
        g_test_add_func("/oci/image-config/tolerates-null", tolerates);
        g_test_add_func("/oci/image-config/refuses-wrong-types", refuses);
        return g_test_run();
}
