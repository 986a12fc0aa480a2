/* SPDX-License-Identifier: Apache-2.0 */
/* Word splitting and quoting, byte-wise: everything that is not ASCII passes through untouched. */
#include "unit/words.h"

#include <string.h>

#include "base/error.h"

#define BLANKS " \t\n\r"

static const char blanks[] = BLANKS;
static const char special[] = BLANKS "\"'\\"; /* all else stands for itself */

/* systemd.syntax(7) table "Supported escapes" */
static const struct {
        char letter;
        char byte;
} simple_escapes[] = {
        { 'a', '\a' }, { 'b', '\b' },  { 'f', '\f' }, { 'n', '\n' },  { 'r', '\r' }, { 't', '\t' },
        { 'v', '\v' }, { '\\', '\\' }, { '"', '"' },  { '\'', '\'' }, { 's', ' ' },
};

static bool read_number(const char *at, unsigned int digits, unsigned int base, guint32 *ret) {
        guint64 value = 0;
        for (unsigned int i = 0; i < digits; i++) {
                int d = g_ascii_xdigit_value(at[i]);
                if (d < 0 || (unsigned int) d >= base)
                        return false;
                value = value * base + (unsigned int) d;
        }
        *ret = (guint32) value;
        return true;
}

/* at points behind the backslash. Returns how many characters the escape takes there, 0 when there
 * is no such escape. */
static size_t unescape_one(const char *at, GString *word) {
        for (size_t i = 0; i < G_N_ELEMENTS(simple_escapes); i++)
                if (simple_escapes[i].letter == *at) {
                        g_string_append_c(word, simple_escapes[i].byte);
                        return 1;
                }
        guint32 value = 0;
        if (*at == 'x' && read_number(at + 1, 2, 16, &value) && value != 0) {
                /* the byte, as systemd does: "\xc3\xa9" is one letter */
                g_string_append_c(word, (char) value);
                return 3;
        }
        if (g_ascii_isdigit(*at) && read_number(at, 3, 8, &value) && value != 0 && value <= 255) {
                g_string_append_c(word, (char) value);
                return 3;
        }
        size_t n = *at == 'u' ? 4 : *at == 'U' ? 8 : 0;
        if (n > 0 && read_number(at + 1, (unsigned int) n, 16, &value) && value != 0 &&
            value <= 0x10ffff && !(value >= 0xd800 && value <= 0xdfff)) {
                g_string_append_unichar(word, value);
                return n + 1;
        }
        return 0;
}

/* One word from *at on; moves *at behind it. */
static bool take_word(const char **at, WordsMode mode, GString *word, GError **error) {
        char quote = '\0';
        const char *p = *at;
        for (; *p; p++) {
                if (*p == '\\' && mode == WORDS_COMMAND) {
                        if (p[1] == '\0') {
                                g_string_append_c(word, '\\');
                                continue;
                        }
                        size_t n = unescape_one(p + 1, word);
                        if (n == 0)
                                return error_set_invalid(error, "unknown escape '\\%c'", p[1]);
                        p += n;
                } else if (quote && *p == quote)
                        quote = '\0';
                else if (!quote && (*p == '"' || *p == '\''))
                        quote = *p;
                else if (!quote && strchr(blanks, *p))
                        break;
                else {
                        size_t n = 1 + strcspn(p + 1, special);
                        g_string_append_len(word, p, (gssize) n);
                        p += n - 1;
                }
        }
        if (quote && mode == WORDS_PLAIN)
                return error_set_invalid(error, "quote %c is not closed", quote);
        *at = p;
        return true;
}

bool words_is_one(const char *text) {
        return *text && text[strcspn(text, special)] == '\0';
}

bool words_split(const char *text, WordsMode mode, GPtrArray *words, GError **error) {
        guint before = words->len;
        const char *at = text;
        for (;;) {
                at += strspn(at, blanks);
                if (*at == '\0')
                        return true;
                g_autoptr(GString) word = g_string_new(NULL);
                bool ok = words->len - before < WORDS_MAX
                                          ? take_word(&at, mode, word, error)
                                          : error_set_invalid(
                                                            error, "more than %d words", WORDS_MAX);
                if (!ok) {
                        g_ptr_array_set_size(words, (gint) before);
                        return false;
                }
                g_ptr_array_add(words, g_string_free(g_steal_pointer(&word), FALSE));
        }
}

static bool needs_quotes(const char *word, size_t size) {
        if (size == 0 || strcmp(word, ";") == 0) /* a lone ';' separates commands */
                return true;
        unsigned char all = 0;
        bool quotes = false;
        for (size_t i = 0; i < size;
             i++) { /* without a way out, so that it is done many at a time */
                unsigned char c = (unsigned char) word[i];
                all |= c;
                quotes |= (c <= ' ') | (c == '"') | (c == '\'') | (c == '\\') | (c == 0x7f);
        }
        return quotes || (all >= 0x80 && !g_utf8_validate(word, (gssize) size, NULL));
}

static void append_escaped(GString *line, char c) {
        for (size_t i = 0; i < G_N_ELEMENTS(simple_escapes); i++)
                if (simple_escapes[i].byte == c && c != ' ' && c != '\'') {
                        g_string_append_c(line, '\\');
                        g_string_append_c(line, simple_escapes[i].letter);
                        return;
                }
        if (g_ascii_iscntrl(c) || c == ' ')
                g_string_append_printf(line, "\\x%02x", (unsigned char) c);
        else
                g_string_append_c(line, c);
}

void words_append_quoted(GString *line, const char *word) {
        size_t size = strlen(word);
        if (!needs_quotes(word, size)) {
                g_string_append_len(line, word, (gssize) size);
                return;
        }
        g_string_append_c(line, '"');
        while (*word) {
                const char *bad = NULL;
                (void) g_utf8_validate(word, -1, &bad); /* where it stops is what we want */
                for (; word < bad; word++)
                        append_escaped(line, *word);
                /* systemd drops lines that are not UTF-8, but reads \xHH as the byte */
                if (*word)
                        g_string_append_printf(line, "\\x%02x", (unsigned char) *word++);
        }
        g_string_append_c(line, '"');
}

char *words_join_quoted(const GPtrArray *words) {
        GString *line = g_string_new(NULL);
        for (guint i = 0; i < words->len; i++) {
                if (i > 0)
                        g_string_append_c(line, ' ');
                words_append_quoted(line, words->pdata[i]);
        }
        return g_string_free(line, FALSE);
}

char *words_quote(const char *word) {
        GString *line = g_string_new(NULL);
        words_append_quoted(line, word);
        return g_string_free(line, FALSE);
}
