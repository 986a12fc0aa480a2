/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Splitting a value into words and writing words back, after systemd.syntax(7) "Quoting" and
 * systemd.service(5) "Command lines". */

#define WORDS_MAX 10000

typedef enum WordsMode {
        WORDS_PLAIN,   /* blanks separate, quotes group and go away, a backslash is a character */
        WORDS_COMMAND, /* also C escapes, inside and outside of quotes */
} WordsMode;

/* Appends the words of text to words (of char *, owned). An empty quoted word is a word. On failure
 * words is as it was. */
bool words_split(const char *text, WordsMode mode, GPtrArray *words, GError **error);

/* Whether text is one word as it stands, in either mode. */
bool words_is_one(const char *text);

/* Appends word as one word of an Exec line: quoted and escaped when it has to be; '%' and '$' stay
 * live for systemd on purpose. */
void words_append_quoted(GString *line, const char *word);

/* A whole line; caller frees. */
char *words_join_quoted(const GPtrArray *words);

/* A free value such as RequiresMountsFor= takes; the same as words_append_quoted(). */
char *words_quote(const char *word);
