/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json.h"
#include "cli/template.h"

static const char document[] =
                "{\"Id\":\"abc\",\"Names\":[\"one\",\"two\"],\"Size\":7,\"Running\":true,"
                "\"Labels\":{\"k\":\"v\",\"a\":\"\"},\"State\":{\"Pid\":12,\"Status\":\"exited\"},"
                "\"Mounts\":[{\"Source\":\"/a\"},{\"Source\":\"/b\"}],\"Nothing\":null}";

static char *apply(const char *format, GError **error) {
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object;
        g_assert_true(json_parse_object(
                        document, strlen(document), 1 << 20, "test", &root, &object, NULL));
        return template_format(format, object, error);
}

static void values(void) {
        static const struct {
                const char *format, *text;
        } rows[] = {
                { "plain", "plain" },
                { "{{.Id}} {{ .ID }}", "abc abc" },
                { "{{.State.Pid}}\\t{{.State.Status}}\\n", "12\texited\n" },
                { "{{.Names}} {{.Labels}}", "[one two] map[a: k:v]" },
                { "{{.Labels.k}}|{{.Labels.missing}}|", "v||" },
                { "{{index .Labels \"k\"}} {{index .Names 1}}", "v two" },
                { "{{.Labels \"k\"}}", "v" },
                { "{{json .Names}} {{.State | json}}",
                  "[\"one\",\"two\"] {\"Pid\":12,\"Status\":\"exited\"}" },
                { "{{len .Names}} {{len .Id}} {{len .Nothing}}", "2 3 0" },
                { "{{range .Mounts}}<{{.Source}}>{{end}}", "</a></b>" },
                { "{{range $i, $m := .Mounts}}{{$i}}={{$m.Source}} {{end}}", "0=/a 1=/b " },
                { "{{range $k, $v := .Labels}}{{$k}}:{{$v}};{{end}}", "a:;k:v;" },
                { "{{range .Nothing}}x{{else}}none{{end}}", "none" },
                { "{{if .Running}}up{{else}}down{{end}}", "up" },
                { "{{if eq .Size 8}}8{{else if gt .Size 6}}more{{else}}less{{end}}", "more" },
                { "{{if and .Running (not .Nothing)}}yes{{end}}", "yes" },
                { "{{if or .Nothing \"\"}}yes{{else}}no{{end}}", "no" },
                { "{{with .State}}{{.Pid}} {{$.Id}}{{end}}", "12 abc" },
                { "{{$x := .Size}}{{$x}}{{$x = 9}}{{$x}}", "79" },
                { "{{printf \"%-5s|%03d|%q\" .Id .Size .Id}}", "abc  |007|\"abc\"" },
                { "{{.Id | upper | printf \"%s!\"}}", "ABC!" },
                { "{{join .Names \", \"}} {{split \"a:b\" \":\"}}", "one, two [a b]" },
                { "a {{- .Id -}} b", "aabcb" },
                { "{{/* a comment */}}x", "x" },
                { "{{println .Size}}", "7\n" },
                { "{{(index .Mounts 0).Source}}", "/a" },
                { "{{ne .Id \"x\"}} {{eq .Id \"x\" \"abc\"}}", "true true" },
                { "{{`raw\"`}} {{\"q\\\"\"}}", "raw\" q\"" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autoptr(GError) error = NULL;
                g_autofree char *text = apply(rows[i].format, &error);
                g_assert_no_error(error);
                g_assert_cmpstr(text, ==, rows[i].text);
        }
}

static void errors(void) {
        static const struct {
                const char *format, *part;
        } rows[] = {
                { "{{.NotThere}}", "can't evaluate field NotThere" },
                { "{{.State.NotThere}}", "can't evaluate field NotThere in State" },
                { "{{.Id", "unclosed action" },
                { "{{if .Id}}x", "unexpected EOF" },
                { "x{{end}}", "unexpected {{end}}" },
                { "{{nosuch .Id}}", "function \"nosuch\" not defined" },
                { "{{$y}}", "undefined variable \"$y\"" },
                { "{{index .Names 9}}", "out of range" },
                { "{{lt .Id 3}}", "incompatible types" },
                { "{{\"open}}", "unterminated quoted string" },
                { "{{range .Size}}{{end}}", "range can't iterate over 7" },
                { "{{printf \"%s\"}}", "bad format" },
                { "{{}}", "missing value for command" },
                { "{{len}}", "wrong number of args for len" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autoptr(GError) error = NULL;
                g_assert_null(apply(rows[i].format, &error));
                g_assert_nonnull(error);
                g_assert_nonnull(strstr(error->message, rows[i].part));
        }
}

static void depth(void) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        for (int i = 0; i < 2000; i++)
                g_string_append(text, "{{if .Id}}");
        g_assert_null(apply(text->str, &error));
        g_assert_nonnull(strstr(error->message, "nested too deeply"));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/cli/template/values-are-as-go-prints-them", values);
        g_test_add_func("/cli/template/errors-say-what-is-wrong", errors);
        g_test_add_func("/cli/template/depth-is-bounded", depth);
        return g_test_run();
}
