/* SPDX-License-Identifier: Apache-2.0 */
/* TOML 1.0 into a JSON tree. Own code, because the base systems package no C library for it. One
 * pass over the text; `table` is where the next key goes. */
#include "config/toml.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

typedef struct Reader {
        const char *at;
        const char *path;
        unsigned int line;
        GHashTable *headed; /* tables that had a [header]: a second one is an error */
        GHashTable *sealed; /* inline tables and static arrays: nothing may be added */
        GError **error;
} Reader;

static bool fail(Reader *reader, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool fail(Reader *reader, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        g_autofree char *why = g_strdup_vprintf(format, ap);
        va_end(ap);
        return error_set_invalid(reader->error, "%s:%u: %s", reader->path, reader->line, why);
}

static void skip_blanks(Reader *reader) {
        reader->at += strspn(reader->at, " \t");
}

static bool skip_comment(Reader *reader) {
        if (*reader->at != '#')
                return true;
        for (; *reader->at && *reader->at != '\n'; reader->at++)
                if ((unsigned char) *reader->at < 0x20 && !strchr("\t\r", *reader->at))
                        return fail(reader, "control character in a comment");
        return true;
}

/* Over blanks, comments and line ends. */
static bool skip_lines(Reader *reader) {
        for (;;) {
                skip_blanks(reader);
                if (!skip_comment(reader))
                        return false;
                if (reader->at[0] == '\r' && reader->at[1] == '\n')
                        reader->at++;
                if (*reader->at != '\n')
                        return true;
                reader->at++;
                reader->line++;
        }
}

static bool end_of_line(Reader *reader) {
        skip_blanks(reader);
        if (!skip_comment(reader))
                return false;
        if (reader->at[0] == '\r' && reader->at[1] == '\n')
                reader->at++;
        if (*reader->at != '\n' && *reader->at != '\0')
                return fail(reader, "unexpected '%c' behind the value", *reader->at);
        return true;
}

static bool is_bare(char c) {
        return g_ascii_isalnum(c) || c == '_' || c == '-';
}

static bool read_unicode(Reader *reader, int digits, GString *out) {
        gunichar value = 0;
        for (int i = 0; i < digits; i++) {
                int digit = g_ascii_xdigit_value(reader->at[i]);
                if (digit < 0)
                        return fail(reader, "bad \\u escape");
                value = value * 16 + (gunichar) digit;
        }
        if (!g_unichar_validate(value) || value == 0)
                return fail(reader, "bad \\u escape");
        reader->at += digits;
        g_string_append_unichar(out, value);
        return true;
}

/* Behind a backslash. */
static bool read_escape(Reader *reader, bool multi, GString *out) {
        static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
        char c = *reader->at;
        const char *hit = c ? strchr(names, c) : NULL;
        if (hit) {
                reader->at++;
                g_string_append_c(out, values[hit - names]);
                return true;
        }
        if (c == 'u' || c == 'U') {
                reader->at++;
                return read_unicode(reader, c == 'u' ? 4 : 8, out);
        }
        const char *rest = reader->at + strspn(reader->at, " \t\r");
        if (multi && *rest == '\n') { /* a line-ending backslash swallows the white space */
                for (reader->at = rest; *reader->at && strchr(" \t\r\n", *reader->at); reader->at++)
                        reader->line += *reader->at == '\n';
                return true;
        }
        return fail(reader, "bad escape '\\%c'", c ? c : ' ');
}

/* Any of the four kinds of string, at its opening quote. */
static bool read_string(Reader *reader, bool multi_allowed, char **ret_text) {
        char quote = *reader->at;
        bool multi = reader->at[1] == quote && reader->at[2] == quote;
        if (multi && !multi_allowed)
                return fail(reader, "a multi-line string cannot be a key");
        reader->at += multi ? 3 : 1;
        if (multi && reader->at[0] == '\r' && reader->at[1] == '\n')
                reader->at++;
        if (multi && *reader->at == '\n') {
                reader->at++;
                reader->line++;
        }
        g_autoptr(GString) out = g_string_new(NULL);
        for (;;) {
                char c = *reader->at;
                if (c == '\0' || (!multi && c == '\n'))
                        return fail(reader, "a string does not end");
                if (c == quote && !multi) {
                        reader->at++;
                        break;
                }
                if (c == quote && reader->at[1] == quote && reader->at[2] == quote) {
                        reader->at += 3;
                        /* up to two quotes may stand right before the end */
                        for (int i = 0; i < 2 && *reader->at == quote; i++, reader->at++)
                                g_string_append_c(out, quote);
                        break;
                }
                if ((unsigned char) c < 0x20 && c != '\t' && !(multi && strchr("\r\n", c)))
                        return fail(reader, "control character in a string");
                reader->line += c == '\n';
                reader->at++;
                if (c == '\\' && quote == '"') {
                        if (!read_escape(reader, multi, out))
                                return false;
                } else {
                        g_string_append_c(out, c);
                }
        }
        *ret_text = g_string_free(g_steal_pointer(&out), FALSE);
        return true;
}

/* One part of a dotted key. */
static bool read_key_part(Reader *reader, char **ret_key) {
        skip_blanks(reader);
        if (*reader->at == '"' || *reader->at == '\'')
                return read_string(reader, false, ret_key);
        const char *start = reader->at;
        while (is_bare(*reader->at))
                reader->at++;
        if (reader->at == start)
                return fail(reader, "expected a key");
        *ret_key = g_strndup(start, (size_t) (reader->at - start));
        return true;
}

static bool read_key(Reader *reader, GPtrArray **ret_parts) {
        g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
        do {
                char *part = NULL;
                if (parts->len > 0)
                        reader->at++;
                if (!read_key_part(reader, &part))
                        return false;
                g_ptr_array_add(parts, part);
                if (parts->len > TOML_DEPTH_MAX)
                        return fail(reader, "key with more than %d parts", TOML_DEPTH_MAX);
                skip_blanks(reader);
        } while (*reader->at == '.');
        *ret_parts = g_steal_pointer(&parts);
        return true;
}

/* The table `name` inside `table`, made when absent; of an array of tables the last one. */
static bool enter(Reader *reader, JsonObject *table, const char *name, JsonObject **ret_table) {
        JsonNode *node = json_object_get_member(table, name);
        if (!node) {
                JsonObject *fresh = json_object_new();
                json_object_set_object_member(table, name, fresh);
                *ret_table = fresh;
                return true;
        }
        if (JSON_NODE_HOLDS_ARRAY(node) &&
            !g_hash_table_contains(reader->sealed, json_node_get_array(node))) {
                JsonArray *array = json_node_get_array(node);
                guint n = json_array_get_length(array);
                *ret_table = json_array_get_object_element(array, n - 1);
                return true;
        }
        if (!JSON_NODE_HOLDS_OBJECT(node) ||
            g_hash_table_contains(reader->sealed, json_node_get_object(node)))
                return fail(reader, "key '%s' is given twice", name);
        *ret_table = json_node_get_object(node);
        return true;
}

static bool read_value(Reader *reader, unsigned int depth, JsonNode **ret_node);

/* "a.b = value" into table. */
static bool read_assignment(Reader *reader, JsonObject *table, unsigned int depth) {
        g_autoptr(GPtrArray) parts = NULL;
        if (!read_key(reader, &parts))
                return false;
        if (*reader->at != '=')
                return fail(reader, "expected '=' behind the key");
        reader->at++;
        skip_blanks(reader);
        for (guint i = 0; i + 1 < parts->len; i++) {
                if (!enter(reader, table, parts->pdata[i], &table))
                        return false;
                if (g_hash_table_contains(reader->headed, table))
                        return fail(reader, "key '%s' is given twice", (char *) parts->pdata[i]);
        }
        const char *name = parts->pdata[parts->len - 1];
        if (json_object_has_member(table, name))
                return fail(reader, "key '%s' is given twice", name);
        JsonNode *value = NULL;
        if (!read_value(reader, depth + 1, &value))
                return false;
        json_object_set_member(table, name, value);
        return true;
}

static bool read_inline_table(Reader *reader, unsigned int depth, JsonNode **ret_node) {
        g_autoptr(JsonObject) table = json_object_new();
        reader->at++;
        skip_blanks(reader);
        while (*reader->at != '}') {
                if (!read_assignment(reader, table, depth))
                        return false;
                skip_blanks(reader);
                if (*reader->at == ',') {
                        reader->at++;
                        skip_blanks(reader);
                        if (*reader->at == '}')
                                return fail(reader, "trailing ',' in an inline table");
                } else if (*reader->at != '}') {
                        return fail(reader, "expected ',' or '}' in an inline table");
                }
        }
        reader->at++;
        g_hash_table_add(reader->sealed, table);
        *ret_node = json_node_new(JSON_NODE_OBJECT);
        json_node_set_object(*ret_node, table);
        return true;
}

static bool read_array(Reader *reader, unsigned int depth, JsonNode **ret_node) {
        g_autoptr(JsonArray) array = json_array_new();
        reader->at++;
        if (!skip_lines(reader))
                return false;
        while (*reader->at != ']') {
                JsonNode *element = NULL;
                if (!read_value(reader, depth + 1, &element))
                        return false;
                json_array_add_element(array, element);
                if (!skip_lines(reader))
                        return false;
                if (*reader->at == ',') {
                        reader->at++;
                        if (!skip_lines(reader))
                                return false;
                } else if (*reader->at != ']') {
                        return fail(reader, "expected ',' or ']' in an array");
                }
        }
        reader->at++;
        g_hash_table_add(reader->sealed, array);
        *ret_node = json_node_new(JSON_NODE_ARRAY);
        json_node_set_array(*ret_node, array);
        return true;
}

static JsonNode *string_node(const char *text) {
        JsonNode *node = json_node_new(JSON_NODE_VALUE);
        json_node_set_string(node, text);
        return node;
}

/* Underscores stand between digits only. */
static char *without_underscores(const char *word) {
        GString *out = g_string_new(NULL);
        for (const char *c = word; *c; c++) {
                if (*c != '_') {
                        g_string_append_c(out, *c);
                } else if (c == word || !g_ascii_isxdigit(c[-1]) || !g_ascii_isxdigit(c[1])) {
                        g_string_free(out, TRUE);
                        return NULL;
                }
        }
        return g_string_free(out, FALSE);
}

static bool parse_integer(const char *word, JsonNode **ret_node) {
        const char *digits = word + (*word == '+' || *word == '-');
        int base = digits != word                 ? 10
                   : g_str_has_prefix(word, "0x") ? 16
                   : g_str_has_prefix(word, "0o") ? 8
                   : g_str_has_prefix(word, "0b") ? 2
                                                  : 10;
        if (base == 10 && digits[0] == '0' && digits[1] != '\0')
                return false;
        const char *from = base == 10 ? word : word + 2;
        if (!g_ascii_isxdigit(base == 10 ? *digits : *from))
                return false;
        char *end = NULL;
        errno = 0;
        gint64 value = g_ascii_strtoll(from, &end, (guint) base);
        if (errno != 0 || *end)
                return false;
        *ret_node = json_node_new(JSON_NODE_VALUE);
        json_node_set_int(*ret_node, value);
        return true;
}

static bool parse_float(const char *word, JsonNode **ret_node) {
        const char *digits = word + (*word == '+' || *word == '-');
        if (!g_ascii_isdigit(*digits) || !strpbrk(word, ".eE") || strpbrk(word, "xXpP"))
                return false;
        char *end = NULL;
        double value = g_ascii_strtod(word, &end);
        if (*end || !isfinite(value))
                return false;
        *ret_node = json_node_new(JSON_NODE_VALUE);
        json_node_set_double(*ret_node, value);
        return true;
}

/* Booleans, numbers, dates: one word. */
static bool read_word(Reader *reader, JsonNode **ret_node) {
        size_t n = strcspn(reader->at, " \t\r\n,]}#=");
        g_autofree char *word = g_strndup(reader->at, n);
        bool is_true = g_str_equal(word, "true");
        reader->at += n;
        if (is_true || g_str_equal(word, "false")) {
                *ret_node = json_node_new(JSON_NODE_VALUE);
                json_node_set_boolean(*ret_node, is_true);
                return true;
        }
        g_autofree char *plain = without_underscores(word);
        if (plain && (parse_integer(plain, ret_node) || parse_float(plain, ret_node)))
                return true;
        bool date = g_ascii_isdigit(word[0]) && n >= 8 && (strchr(word, ':') || word[4] == '-') &&
                    strspn(word, "0123456789-:.TtZz+") == n;
        if (!date)
                return fail(reader, "'%.60s' is not a value", word);
        *ret_node = string_node(word);
        return true;
}

static bool read_value(Reader *reader, unsigned int depth, JsonNode **ret_node) {
        if (depth > TOML_DEPTH_MAX)
                return fail(reader, "nested more than %d deep", TOML_DEPTH_MAX);
        if (*reader->at == '"' || *reader->at == '\'') {
                g_autofree char *text = NULL;
                if (!read_string(reader, true, &text))
                        return false;
                *ret_node = string_node(text);
                return true;
        }
        if (*reader->at == '[')
                return read_array(reader, depth, ret_node);
        if (*reader->at == '{')
                return read_inline_table(reader, depth, ret_node);
        return read_word(reader, ret_node);
}

/* "[a.b]" or "[[a.b]]": returns the table that the following keys go into. */
static bool read_header(Reader *reader, JsonObject *root, JsonObject **ret_table) {
        bool is_array = reader->at[1] == '[';
        reader->at += is_array ? 2 : 1;
        g_autoptr(GPtrArray) parts = NULL;
        if (!read_key(reader, &parts))
                return false;
        if (reader->at[0] != ']' || (is_array && reader->at[1] != ']'))
                return fail(reader, "expected ']' behind the table's name");
        reader->at += is_array ? 2 : 1;

        JsonObject *table = root;
        for (guint i = 0; i + 1 < parts->len; i++)
                if (!enter(reader, table, parts->pdata[i], &table))
                        return false;
        const char *name = parts->pdata[parts->len - 1];
        JsonNode *node = json_object_get_member(table, name);
        if (is_array) {
                if (node && (!JSON_NODE_HOLDS_ARRAY(node) ||
                             g_hash_table_contains(reader->sealed, json_node_get_array(node))))
                        return fail(reader, "key '%s' is given twice", name);
                JsonArray *array = node ? json_node_get_array(node) : json_array_new();
                if (!node)
                        json_object_set_array_member(table, name, array);
                *ret_table = json_object_new();
                json_array_add_object_element(array, *ret_table);
                return true;
        }
        if (node && !JSON_NODE_HOLDS_OBJECT(node))
                return fail(reader, "table '%s' is given twice", name);
        if (!enter(reader, table, name, ret_table))
                return false;
        if (!g_hash_table_add(reader->headed, *ret_table))
                return fail(reader, "table '%s' is given twice", name);
        return true;
}

bool toml_parse(const char *text, const char *path, JsonNode **ret_root, GError **error) {
        if (strlen(text) > TOML_SIZE_MAX)
                return error_set_invalid(
                                error, "'%s' is larger than %u bytes", path, TOML_SIZE_MAX);
        if (!g_utf8_validate(text, -1, NULL))
                return error_set_invalid(error, "'%s' is not UTF-8", path);
        g_autoptr(GHashTable) headed = g_hash_table_new(NULL, NULL);
        g_autoptr(GHashTable) sealed = g_hash_table_new(NULL, NULL);
        Reader reader = {
                .at = g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text,
                .path = path,
                .line = 1,
                .headed = headed,
                .sealed = sealed,
                .error = error,
        };
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(root, json_object_new());
        JsonObject *table = json_node_get_object(root);
        for (;;) {
                if (!skip_lines(&reader))
                        return false;
                if (*reader.at == '\0')
                        break;
                bool ok = *reader.at == '['
                                          ? read_header(&reader, json_node_get_object(root), &table)
                                          : read_assignment(&reader, table, 0);
                if (!ok || !end_of_line(&reader))
                        return false;
        }
        *ret_root = g_steal_pointer(&root);
        return true;
}

bool toml_load(const char *path, JsonNode **ret_root, GError **error) {
        g_autofree char *text = NULL;
        return file_read_text(AT_FDCWD, path, TOML_SIZE_MAX, &text, error) &&
               toml_parse(text, path, ret_root, error);
}
