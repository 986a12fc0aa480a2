/* SPDX-License-Identifier: Apache-2.0 */
/* Unit names, their escaping and the specifiers that follow from them. */
#include "unit/name.h"

#include <string.h>

/* a name that repeats %N is no reason to fill memory */
#define UNIT_NAME_EXPANDED_MAX (64 * 1024)

static const char name_characters[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";

/* systemd.unit(5) "Specifiers", all that any release from 252 on knows */
static const char specifier_letters[] = "aAbBcCdDEfgGhHiIjJlLmMnNopPqsStTuUvVwWyY%";

void unit_name_clear(UnitName *name) {
        g_clear_pointer(&name->stem, g_free);
        g_clear_pointer(&name->prefix, g_free);
        g_clear_pointer(&name->instance, g_free);
        g_clear_pointer(&name->suffix, g_free);
}

bool unit_name_parse(const char *text, UnitName *ret_name) {
        const char *dot = strrchr(text, '.');
        if (!dot || dot == text)
                return false;
        ret_name->stem = g_strndup(text, (gsize) (dot - text));
        ret_name->suffix = g_strdup(dot + 1);
        const char *at = strchr(ret_name->stem, '@');
        ret_name->prefix = at ? g_strndup(ret_name->stem, (gsize) (at - ret_name->stem))
                              : g_strdup(ret_name->stem);
        ret_name->instance = at ? g_strdup(at + 1) : NULL;
        return true;
}

bool unit_name_is_valid(const char *text) {
        size_t n = strlen(text);
        return n > 0 && n <= UNIT_NAME_MAX && strspn(text, name_characters) == n &&
               text[0] != '@' && text[0] != '.';
}

char *unit_name_escape(const char *text) {
        GString *s = g_string_new(NULL);
        for (const char *p = text; *p; p++) {
                bool plain = strchr(name_characters, *p) && *p != '\\' && *p != '-' && *p != '@' &&
                             !(p == text && *p == '.');
                if (*p == '/')
                        g_string_append_c(s, '-');
                else if (plain)
                        g_string_append_c(s, *p);
                else
                        g_string_append_printf(s, "\\x%02x", (unsigned char) *p);
        }
        return g_string_free(s, FALSE);
}

char *unit_name_unescape(const char *text) {
        g_autoptr(GString) s = g_string_new(NULL);
        for (const char *p = text; *p; p++) {
                if (*p == '-') {
                        g_string_append_c(s, '/');
                        continue;
                }
                if (*p != '\\') {
                        g_string_append_c(s, *p);
                        continue;
                }
                int high = p[1] == 'x' ? g_ascii_xdigit_value(p[2]) : -1;
                int low = high >= 0 ? g_ascii_xdigit_value(p[3]) : -1;
                if (low < 0 || (high == 0 && low == 0))
                        return NULL;
                g_string_append_c(s, (char) (high * 16 + low));
                p += 3;
        }
        return g_string_free(g_steal_pointer(&s), FALSE);
}

/* Value of one specifier, or NULL when it stays as it is. Caller frees. */
static char *specifier_value(const UnitName *name, char letter) {
        bool template = name->instance && name->instance[0] == '\0';
        const char *dash = strrchr(name->prefix, '-');
        switch (letter) {
        case 'n':
                return g_strconcat(name->stem, template ? "%i." : ".", name->suffix, NULL);
        case 'N':
                return g_strconcat(name->stem, template ? "%i" : NULL, NULL);
        case 'p':
                return g_strdup(name->prefix);
        case 'P':
                return unit_name_unescape(name->prefix);
        case 'i':
                return template ? NULL : g_strdup(name->instance ? name->instance : "");
        case 'I':
                return template ? NULL : unit_name_unescape(name->instance ? name->instance : "");
        case 'j':
                return g_strdup(dash ? dash + 1 : name->prefix);
        case 'J':
                return unit_name_unescape(dash ? dash + 1 : name->prefix);
        default:
                return NULL;
        }
}

char *unit_name_expand(const char *service, const char *text) {
        g_auto(UnitName) name = { 0 };
        if (!unit_name_parse(service, &name))
                return g_strdup(text);
        GString *s = g_string_new(NULL);
        for (const char *p = text; *p; p++) {
                g_autofree char *value = *p == '%' && p[1] ? specifier_value(&name, p[1]) : NULL;
                if (value && s->len + strlen(value) < UNIT_NAME_EXPANDED_MAX) {
                        g_string_append(s, value);
                        p++;
                        continue;
                }
                g_string_append_c(s, *p);
                if (*p == '%' && p[1]) /* "%%" and the rest in pairs */
                        g_string_append_c(s, *++p);
        }
        return g_string_free(s, FALSE);
}

char unit_name_unknown_specifier(const char *text, size_t *ret_offset) {
        for (const char *p = strchr(text, '%'); p; p = strchr(p + 2, '%')) {
                if (p[1] != '\0' && strchr(specifier_letters, p[1]))
                        continue;
                *ret_offset = (size_t) (p - text);
                return p[1] != '\0' ? p[1] : '%';
        }
        return '\0';
}
