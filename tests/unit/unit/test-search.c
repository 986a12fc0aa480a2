/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "unit/search.h"

static bool any_container(const char *name) {
        return g_str_has_suffix(name, ".container");
}

static void put(const char *root, const char *path) {
        g_autofree char *full = g_build_filename(root, path, NULL);
        g_autofree char *parent = g_path_get_dirname(full);
        g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
        g_assert_true(g_file_set_contents(full, "", 0, NULL));
}

static char *temp(void) {
        char *root = g_dir_make_tmp("berth-search-XXXXXX", NULL);
        g_assert_nonnull(root);
        return root;
}

static void remove_tree(const char *root) {
        g_assert_true(file_remove_tree(AT_FDCWD, root, NULL));
}

static char *listed(const UnitSearch *s, const char *root) {
        GString *text = g_string_new(NULL);
        for (guint i = 0; i < s->files->len; i++)
                g_string_append_printf(text, "%s ", (char *) s->files->pdata[i] + strlen(root) + 1);
        return g_string_free(text, FALSE);
}

static void precedence(void) {
        g_autofree char *root = temp();
        put(root, "one/z.container");
        put(root, "one/sub/a.container");
        put(root, "one/sub/z.container");
        put(root, "one/x.d/no.container");
        put(root, "two/a.container");
        put(root, "two/b.container");
        put(root, "two/readme.txt");
        g_autofree char *loop = g_build_filename(root, "one/loop", NULL);
        g_assert_cmpint(symlink(".", loop), ==, 0);
        g_autofree char *dirs = g_strdup_printf("%s/one:%s/two:relative:%s", root, root, root);
        UnitSearchOptions o = { .unit_dirs = dirs };
        g_autoptr(Diagnostics) d = diagnostics_new();
        g_autoptr(UnitSearch) s = unit_search(&o, any_container, d);
        g_autofree char *files = listed(s, root);
        g_assert_cmpstr(files, ==, "one/z.container one/sub/a.container two/b.container ");
        g_assert_cmpuint(d->n_warnings, ==, 1);
        remove_tree(root);
}

static void users(void) {
        UnitSearchOptions o = {
                .user = true, .uid = 1000, .runtime_dir = "/run/user/1000", .home = "/home/u"
        };
        g_autoptr(Diagnostics) d = diagnostics_new();
        g_auto(GStrv) path = unit_search_path(&o, d);
        g_autofree char *text = g_strjoinv(" ", path);
        g_assert_cmpstr(text, ==,
                        "/run/user/1000/containers/systemd /home/u/.config/containers/systemd "
                        "/etc/containers/systemd/users/1000 /etc/containers/systemd/users "
                        "/usr/share/containers/systemd/users/1000 "
                        "/usr/share/containers/systemd/users");
        o.home = NULL;
        g_auto(GStrv) homeless = unit_search_path(&o, d);
        g_assert_cmpuint(g_strv_length(homeless), ==, 5);
        g_assert_cmpuint(d->n_warnings, ==, 1);
}

static void drop_ins(void) {
        g_autofree char *root = temp();
        static const char *const files[] = {
                "a-b@i.container.d/50.conf", "a-b@.container.d/50.conf", "a-b@.container.d/40.conf",
                "n/a-@.container.d/30.conf", "n/a-.container.d/20.conf", "container.d/10.conf",
                "container.d/50.conf",       "container.d/note.txt",     "pod.d/1.conf",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
                put(root, files[i]);
        g_autoptr(UnitSearch) s = unit_search_new();
        g_autoptr(Diagnostics) d = diagnostics_new();
        unit_search_add_folder(s, root, any_container, d);
        g_autoptr(GPtrArray) found = unit_search_drop_ins(s, "a-b@i.container", d);
        static const char *const expected[] = {
                "container.d/10.conf",       "n/a-.container.d/20.conf",
                "n/a-@.container.d/30.conf", "a-b@.container.d/40.conf",
                "a-b@i.container.d/50.conf",
        };
        g_assert_cmpuint(found->len, ==, G_N_ELEMENTS(expected));
        for (guint i = 0; i < found->len; i++)
                g_assert_true(g_str_has_suffix(found->pdata[i], expected[i]));
        g_autoptr(GPtrArray) plain = unit_search_drop_ins(s, "ab.container", d);
        g_assert_cmpuint(plain->len, ==, 2);
        remove_tree(root);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/unit/search/first-name-wins", precedence);
        g_test_add_func("/unit/search/user-folders", users);
        g_test_add_func("/unit/search/drop-ins-specific-first", drop_ins);
        return g_test_run();
}
