/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "generator/lint.h"

typedef struct Row {
        const char *name;
        const char *text;
        const char *target;
        const char *code; /* NULL: clean */
        unsigned int line, column;
} Row;

#define IMAGE "[Container]\nImage=localhost/x\n"

static const Row rows[] = {
        { "a.container", IMAGE "Exec=a %n 100%%\n", "berth", NULL, 0, 0 },
        { "a.container", IMAGE "Imgae=x\n", "berth", "unknown-key", 3, 1 },
        { "a.container", IMAGE "Exec=a %z\n", "berth", "unknown-specifier", 3, 8 },
        { "a.container", IMAGE "Memory=1g\n", "podman-5.4", "unsupported-key", 3, 1 },
        { "a.container", IMAGE "Memory=1g\n", "podman-5.5", NULL, 0, 0 },
        { "a.container", IMAGE "StopTimeout=1\n", "podman-4.9", "unsupported-key", 3, 1 },
        { "a.container", IMAGE "[Quadlet]\nStrict=yes\n", "podman-6.0", "unsupported-key", 4, 1 },
        { "a.container", IMAGE "[Quadlet]\nStrict=yes\n", "berth", NULL, 0, 0 },
        { "a.pod", "[Pod]\n", "podman-4.9", "unsupported-key", 1, 1 },
        { "a.container", IMAGE "[Servcie]\nRestart=no\n", "berth", "unknown-section", 3, 1 },
        { "a.container", IMAGE "[X-Mine]\nA=1\n", "berth", NULL, 0, 0 },
        { "a.container", IMAGE "VolatileTmp=yes\n", "berth", "deprecated-key", 3, 13 },
        { "a.container", IMAGE "User=1\nUser=2\n", "berth", "repeated-key", 3, 6 },
        { "a.container", IMAGE "Volume=./nope:/x\n", "berth", "missing-path", 3, 8 },
        { "a.kube", "[Kube]\nYaml=nope.yml\n", "berth", "missing-path", 2, 6 },
        { "a.container", IMAGE "Network=host\nPublishPort=1\n", "berth", "conflicting-keys", 4,
          13 },
        { "a.container", IMAGE "HealthInterval=3s\n", "berth", "missing-key", 3, 16 },
        { "a.container", IMAGE "[Service]\nPrivateTmp=yes\n", "berth", "no-effect", 4, 12 },
        { "a.container", IMAGE "[Service]\nExecStart=/x\n", "berth", "conflicting-keys", 4, 11 },
        { "a.container", IMAGE "[Service]\nUser=x\n", "berth", "service-user", 4, 6 },
        { "a.container", IMAGE "Volume=x.volume:/x\n", "berth", "missing-reference", 3, 8 },
        { "a.container", "[Container]\nImage=x\n", "berth", "short-name", 2, 7 },
        { "a.container", IMAGE "word\n", "berth", "syntax", 3, 1 },
        { "a.container", IMAGE "ReadOnly=maybe\n", "berth", "invalid-value", 3, 10 },
};

static Diagnostics *lint_text(const Row *row) {
        g_autoptr(QuadletSet) set = quadlet_set_new(false, "/usr/bin/berth");
        g_autofree char *path = g_strconcat("/nonexistent/", row->name, NULL);
        quadlet_set_add(set, path, row->text, strlen(row->text));
        quadlet_set_settle(set);
        LintTarget target;
        g_assert_true(lint_target_parse(row->target, &target));
        return lint(set, target, NULL);
}

static void finds(void) {
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                const Row *row = &rows[i];
                g_autoptr(Diagnostics) found = lint_text(row);
                if (!row->code) {
                        g_assert_cmpuint(found->items->len, ==, 0);
                        continue;
                }
                g_assert_cmpuint(found->items->len, >=, 1);
                const Diagnostic *d = found->items->pdata[0];
                g_assert_cmpstr(d->code, ==, row->code);
                g_assert_cmpuint(d->line, ==, row->line);
                g_assert_cmpuint(d->column, ==, row->column);
        }
}

static void documented(void) {
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                const LintCode *code = lint_codes();
                while (rows[i].code && code->code && strcmp(code->code, rows[i].code) != 0)
                        code++;
                g_assert_nonnull(code->code);
        }
}

static void selects(void) {
        g_autoptr(QuadletSet) set = quadlet_set_new(false, "/usr/bin/berth");
        quadlet_set_add(set, "/q/a.container", "[Container]\n", 12);
        quadlet_set_add(set, "/q/b.container", "[Container]\n", 12);
        quadlet_set_settle(set);
        g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);
        g_hash_table_add(paths, (char *) "/q/b.container");
        g_autoptr(Diagnostics) found = lint(set, (LintTarget){ 0 }, paths);
        g_assert_cmpuint(found->items->len, ==, 1);
        g_assert_cmpstr(((Diagnostic *) found->items->pdata[0])->path, ==, "/q/b.container");
}

static void targets(void) {
        LintTarget t;
        g_assert_true(lint_target_parse("podman-5.12", &t));
        g_assert_cmpuint(t.minor, ==, 12);
        static const char *const wrong[] = { "", "podman", "podman-5", "podman-4.3", "podman-5.x" };
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                g_assert_false(lint_target_parse(wrong[i], &t));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/generator/lint/findings-have-code-and-place", finds);
        g_test_add_func("/generator/lint/codes-are-documented", documented);
        g_test_add_func("/generator/lint/speaks-of-chosen-files-only", selects);
        g_test_add_func("/generator/lint/targets", targets);
        return g_test_run();
}
