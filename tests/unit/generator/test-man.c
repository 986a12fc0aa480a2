/* SPDX-License-Identifier: Apache-2.0 */
/* Every key has an entry in its manual page, with its release and an example, and every entry is a
 * key. */
#include <string.h>

#include "generator/keys.h"
#include "generator/lint.h"

static char *read_page(const char *page) {
        const char *folder = g_getenv("BERTH_MAN_DIR");
        g_assert_nonnull(folder);
        g_autofree char *path = g_build_filename(folder, page, NULL);
        char *text = NULL;
        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        return text;
}

static void check_entry(const char *page, const char *text, const KeyRow *row) {
        g_autofree char *head = g_strdup_printf("\n``%s=``\n", row->name);
        const char *entry = strstr(text, head);
        if (!entry)
                g_error("%s has no entry for %s=", page, row->name);
        g_autofree char *example = g_strdup_printf("\n    Example: ``%s=", row->name);
        const char *next = strstr(entry + strlen(head), "\n``");
        const char *at = strstr(entry, example);
        if (!at || (next && at > next))
                g_error("%s has no example for %s=", page, row->name);
        g_autofree char *since = g_strdup_printf("Since Podman %s.", row->since);
        g_autofree char *body = g_strndup(entry, (gsize) (at - entry));
        g_auto(GStrv) lines = g_strsplit(body, "\n    ", -1);
        g_autofree char *flat = g_strjoinv(" ", lines);
        if (!(row->flags & KEY_BERTH) && row->since[0] >= '0' && row->since[0] <= '9' &&
            !strstr(flat, since) && strstr(page, ".5."))
                g_error("%s: %s= came with Podman %s", page, row->name, row->since);
}

static void check_page(const char *page, const KeyRow *rows) {
        g_autofree char *text = read_page(page);
        for (const KeyRow *row = rows; row->name; row++)
                check_entry(page, text, row);
        for (const char *at = strstr(text, "\n``"); at; at = strstr(at + 1, "\n``")) {
                g_autofree char *name = g_strndup(at + 3, strcspn(at + 3, "=\n"));
                /* an entry is a line of its own; other lines may begin with a key, too */
                if (g_str_has_prefix(at + 3 + strlen(name), "=``\n") && !key_find(rows, name))
                        g_error("%s describes %s=, which is no key", page, name);
        }
}

static void pages(void) {
        for (size_t i = 0; i < QUADLET_N_KINDS; i++) {
                const QuadletType *type = &quadlet_types()[i];
                g_autofree char *page = g_strdup_printf("berth-%s.5.rst", type->suffix);
                check_page(page, type->rows);
        }
        check_page("berth-generator.8.rst", quadlet_section_rows());
}

static void codes(void) {
        g_autofree char *text = read_page("berth-quadlet.1.rst");
        for (const LintCode *code = lint_codes(); code->code; code++)
                if (!strstr(text, code->code))
                        g_error("berth-quadlet(1) does not name the code %s", code->code);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/generator/man/every-key-has-an-entry-with-example", pages);
        g_test_add_func("/generator/man/every-lint-code-is-named", codes);
        return g_test_run();
}
