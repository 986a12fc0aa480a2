/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <string.h>

#include "config/registries-conf.h"

static RegistriesConf *load(const char *text, GError **error) {
        g_autofree char *dir = g_dir_make_tmp("berth-conf-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(dir, "registries.conf", NULL);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        RegistriesConf *conf = registries_conf_load(path, error);
        g_unlink(path);
        g_rmdir(dir);
        return conf;
}

static char *endpoints(const RegistriesConf *conf, const char *name, GError **error) {
        g_autoptr(OciReference) reference = oci_reference_parse_tagged(name, NULL);
        g_autoptr(GPtrArray) list = registries_conf_endpoints(conf, reference, error);
        if (!list)
                return NULL;
        GString *text = g_string_new(NULL);
        for (guint i = 0; i < list->len; i++) {
                const RegistryEndpoint *endpoint = list->pdata[i];
                g_autofree char *one = oci_reference_format(endpoint->reference);
                g_string_append_printf(text, "%s%s ", one, endpoint->insecure ? "!" : "");
        }
        return g_string_free(text, FALSE);
}

static const char rules[] =
                "[[registry]]\nprefix='docker.io'\nlocation='mirror.example/hub'\n"
                "[[registry.mirror]]\nlocation='near:5000/hub'\ninsecure=true\n"
                "[[registry.mirror]]\nlocation='digests'\npull-from-mirror='digest-only'\n"
                "[[registry]]\nprefix='docker.io/library'\nlocation='docker.io/library'\n"
                "[[registry]]\nlocation='bad.example'\nblocked=true\n"
                "[[registry]]\nprefix='*.wild.example'\n insecure=true\n";

static void rewrites(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(RegistriesConf) conf = load(rules, &error);
        g_assert_no_error(error);
        static const struct {
                const char *name, *expect;
        } cases[] = {
                { "docker.io/team/app:1",
                  "near:5000/hub/team/app:1! mirror.example/hub/team/app:1 " },
                { "busybox", "docker.io/library/busybox:latest " },
                { "quay.io/x:1", "quay.io/x:1 " },
                { "a.wild.example/x:1", "a.wild.example/x:1! " },
                { "wild.example/x:1", "wild.example/x:1 " },
                { "bad.example.org/x:1", "bad.example.org/x:1 " },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = endpoints(conf, cases[i].name, &error);
                g_assert_no_error(error);
                g_assert_cmpstr(text, ==, cases[i].expect);
        }
        g_autofree char *blocked = endpoints(conf, "bad.example/x", &error);
        g_assert_null(blocked);
        g_assert_nonnull(strstr(error->message, "blocked"));
}

static guint count(const RegistriesConf *conf, const char *name, GError **error) {
        g_autoptr(GPtrArray) list = registries_conf_candidates(conf, name, false, error);
        return list ? list->len : 0;
}

static void short_names(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(RegistriesConf) conf =
                        load("unqualified-search-registries=['a.example','b.example']\n"
                             "short-name-mode='enforcing'\n[aliases]\nfed='reg.example/fedora'\n",
                             &error);
        g_assert_no_error(error);
        g_autoptr(GPtrArray) alias = registries_conf_candidates(conf, "fed:39", false, &error);
        g_autofree char *text = oci_reference_format(alias->pdata[0]);
        g_assert_cmpstr(text, ==, "reg.example/fedora:39");
        g_assert_cmpuint(count(conf, "x", NULL), ==, 0);
        g_assert_cmpuint(count(conf, "quay.io/x", NULL), ==, 1);
        conf->mode = SHORT_NAME_PERMISSIVE;
        g_assert_cmpuint(count(conf, "x", NULL), ==, 2);
        g_autoptr(RegistriesConf) none = load("", NULL);
        g_assert_cmpuint(count(none, "x", &error), ==, 0);
        g_assert_nonnull(strstr(error->message, "short-name"));
}

static void refuses(void) {
        static const char *const cases[] = {
                "[registries.search]\nregistries=['x']\n",
                "[[registry]]\nprefix='x'\n",
                "[[registry]]\nprefix='*.x/y'\n",
                "[[registry]]\nlocation='x'\nmirror-by-digest-only=true\n[[registry.mirror]]\n"
                "location='y'\npull-from-mirror='all'\n",
                "[[registry]]\nlocation='x'\n[[registry.mirror]]\ninsecure=true\n",
                "short-name-mode='maybe'\n",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                g_assert_null(load(cases[i], &error));
                g_assert_nonnull(error);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/config/registries-conf/rewrites-names", rewrites);
        g_test_add_func("/config/registries-conf/resolves-short-names", short_names);
        g_test_add_func("/config/registries-conf/refuses-contradictions", refuses);
        return g_test_run();
}
