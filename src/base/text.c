/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, sizes, times and signals in the spellings of podman(1) and systemd. */
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool text_parse_uint64(const char *text, uint64_t max, uint64_t *ret_value) {
        if (!text || !g_ascii_isdigit(text[0]))
                return false;
        uint64_t value = 0;
        for (; g_ascii_isdigit(*text); text++) {
                uint64_t digit = (uint64_t) (*text - '0');
                if (value > (UINT64_MAX - digit) / 10)
                        return false;
                value = value * 10 + digit;
        }
        if (*text != '\0' || value > max)
                return false;
        *ret_value = value;
        return true;
}

bool text_parse_size(const char *text, uint64_t *ret_bytes) {
        if (!text || !(g_ascii_isdigit(text[0]) || text[0] == '.'))
                return false;
        char *end = NULL;
        double number = g_ascii_strtod(text, &end);
        if (end == text || strspn(text, "0123456789.") != (size_t) (end - text))
                return false;
        while (*end == ' ')
                end++;
        static const char units[] = "bkmgtp";
        double factor = 1;
        if (*end) {
                const char *unit = strchr(units, g_ascii_tolower(*end));
                if (!unit)
                        return false;
                factor = pow(1024, (double) (unit - units));
                end++;
                if (factor > 1 && g_ascii_tolower(*end) == 'i')
                        end++;
                if (factor > 1 && g_ascii_tolower(*end) == 'b')
                        end++;
        }
        double bytes = number * factor;
        if (*end || !(bytes >= 0) || bytes >= 9007199254740992.0 * 512)
                return false;
        *ret_bytes = (uint64_t) bytes;
        return true;
}

bool text_parse_duration(const char *text, uint64_t *ret_usec) {
        static const struct {
                const char *unit;
                double usec;
        } units[] = {
                { "ns", 1e-3 }, { "us", 1 },     { "ms", 1e3 },    { "s", 1e6 },
                { "m", 60e6 },  { "h", 3600e6 }, { "d", 86400e6 },
        };
        if (!text || !*text)
                return false;
        double total = 0;
        while (*text) {
                if (!g_ascii_isdigit(*text) && *text != '.')
                        return false;
                char *end = NULL;
                double number = g_ascii_strtod(text, &end);
                if (end == text || strspn(text, "0123456789.") < (size_t) (end - text))
                        return false;
                size_t n = strspn(end, "abcdefghijklmnopqrstuvwxyz");
                double factor = n == 0 && *end == '\0' && total == 0 ? 1e6 : 0;
                for (size_t i = 0; i < G_N_ELEMENTS(units) && n > 0; i++)
                        if (strlen(units[i].unit) == n && strncmp(units[i].unit, end, n) == 0)
                                factor = units[i].usec;
                if (factor == 0)
                        return false;
                total += number * factor;
                text = end + n;
        }
        if (!(total >= 0 && total < 1e18))
                return false;
        *ret_usec = (uint64_t) total;
        return true;
}

bool text_parse_bool(const char *text, bool *ret_value) {
        static const struct {
                const char *text;
                bool value;
        } rows[] = {
                { "1", true },      { "yes", true },  { "true", true }, { "on", true },
                { "y", true },      { "t", true },    { "0", false },   { "no", false },
                { "false", false }, { "off", false }, { "n", false },   { "f", false },
        };
        for (size_t i = 0; text && i < G_N_ELEMENTS(rows); i++)
                if (g_ascii_strcasecmp(rows[i].text, text) == 0) {
                        *ret_value = rows[i].value;
                        return true;
                }
        return false;
}

char *text_format_size(uint64_t bytes) {
        static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
        double number = (double) bytes;
        size_t unit = 0;
        while (number >= 1000 && unit + 1 < G_N_ELEMENTS(units)) {
                number /= 1000;
                unit++;
        }
        return g_strdup_printf("%.3g %s", number, units[unit]);
}

char *text_format_span(int64_t seconds) {
        static const struct {
                int64_t below; /* seconds */
                int64_t unit;
                const char *name;
        } rows[] = {
                { 60, 1, "seconds" },
                { 3600, 60, "minutes" },
                { 48 * 3600, 3600, "hours" },
                { 14 * 86400, 86400, "days" },
                { 60 * 86400, 7 * 86400, "weeks" },
                { 730 * (int64_t) 86400, 30 * 86400, "months" },
                { INT64_MAX, 365 * (int64_t) 86400, "years" },
        };
        if (seconds < 1)
                return g_strdup("Less than a second");
        if (seconds == 1)
                return g_strdup("1 second");
        if (seconds >= 60 && seconds < 120)
                return g_strdup("About a minute");
        if (seconds >= 3600 && seconds < 7200)
                return g_strdup("About an hour");
        size_t i = 0;
        while (seconds >= rows[i].below)
                i++;
        return g_strdup_printf("%" PRId64 " %s", seconds / rows[i].unit, rows[i].name);
}

char *text_format_ago(int64_t then_sec, int64_t now_sec) {
        g_autofree char *span = text_format_span(now_sec - then_sec);
        return g_strconcat(span, " ago", NULL);
}

int text_parse_signal(const char *text) {
        uint64_t number;
        if (text_parse_uint64(text, (uint64_t) SIGRTMAX, &number))
                return number > 0 ? (int) number : -1;
        if (!text)
                return -1;
        if (g_ascii_strncasecmp(text, "SIG", 3) == 0)
                text += 3;
        for (int i = 1; i < SIGRTMIN; i++) {
                const char *name = sigabbrev_np(i);
                if (name && g_ascii_strcasecmp(name, text) == 0)
                        return i;
        }
        if (g_ascii_strcasecmp(text, "RTMIN") == 0)
                return SIGRTMIN;
        if (g_ascii_strcasecmp(text, "RTMAX") == 0)
                return SIGRTMAX;
        uint64_t offset;
        uint64_t range = (uint64_t) (SIGRTMAX - SIGRTMIN);
        if (g_ascii_strncasecmp(text, "RTMIN+", 6) == 0 &&
            text_parse_uint64(text + 6, range, &offset))
                return SIGRTMIN + (int) offset;
        if (g_ascii_strncasecmp(text, "RTMAX-", 6) == 0 &&
            text_parse_uint64(text + 6, range, &offset))
                return SIGRTMAX - (int) offset;
        return -1;
}

char *text_format_signal(int signal_number) {
        const char *name = signal_number < SIGRTMIN ? sigabbrev_np(signal_number) : NULL;
        if (name)
                return g_strconcat("SIG", name, NULL);
        if (signal_number == SIGRTMIN)
                return g_strdup("SIGRTMIN");
        if (signal_number > SIGRTMIN && signal_number <= SIGRTMAX)
                return g_strdup_printf("SIGRTMIN+%d", signal_number - SIGRTMIN);
        return g_strdup_printf("%d", signal_number);
}

char *text_format_time(int64_t nsec_since_epoch) {
        int64_t sec = nsec_since_epoch / 1000000000;
        int64_t nsec = nsec_since_epoch % 1000000000;
        if (nsec < 0) {
                nsec += 1000000000;
                sec--;
        }
        g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(sec);
        if (!time)
                return g_strdup("0001-01-01T00:00:00Z"); /* Go's zero time, what Podman prints for
                                                            none */
        g_autofree char *whole = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
        return nsec == 0 ? g_strconcat(whole, "Z", NULL)
                         : g_strdup_printf("%s.%09" PRId64 "Z", whole, nsec);
}

char *text_format_go_time(int64_t nsec_since_epoch) {
        g_autofree char *text = text_format_time(nsec_since_epoch);
        text[strlen("2026-11-23")] = ' ';
        text[strlen(text) - 1] = '\0'; /* the Z */
        while (strchr(text, '.') && g_str_has_suffix(text, "0"))
                text[strlen(text) - 1] = '\0';
        return g_strconcat(text, " +0000 UTC", NULL);
}

bool text_parse_time(const char *text, int64_t *ret_nsec) {
        if (!text || strlen(text) > 64)
                return false;
        /* GDateTime keeps microseconds only; the nanoseconds are read beside it. */
        g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, utc);
        if (!time)
                return false;
        int64_t nsec = 0;
        const char *dot = strchr(text, '.');
        if (dot) {
                int64_t scale = 100000000;
                for (const char *at = dot + 1; g_ascii_isdigit(*at) && scale > 0; at++, scale /= 10)
                        nsec += (*at - '0') * scale;
        }
        int64_t sec = g_date_time_to_unix(time);
        if (sec > INT64_MAX / 1000000000 - 1 || sec < INT64_MIN / 1000000000 + 1)
                return false;
        *ret_nsec = sec * 1000000000 + nsec;
        return true;
}

/* Up to nine digits of a second. */
static bool add_fraction(const char *digits, int64_t *nsec) {
        size_t n = strspn(digits, "0123456789");
        if (n == 0 || n > 9 || digits[n])
                return false;
        int64_t scale = 100000000;
        for (; *digits; digits++, scale /= 10)
                *nsec += (*digits - '0') * scale;
        return true;
}

bool text_parse_moment(const char *text, int64_t *ret_nsec) {
        uint64_t number;
        g_autofree char *whole = g_strndup(text, strcspn(text, "."));
        if (text_parse_uint64(whole, INT64_MAX / 1000000000 - 1, &number) && number > 1000000000) {
                *ret_nsec = (int64_t) number * 1000000000;
                return !text[strlen(whole)] || add_fraction(text + strlen(whole) + 1, ret_nsec);
        }
        if (text_parse_time(text, ret_nsec))
                return true;
        if (!text_parse_duration(text, &number) || number > INT64_MAX / 1000)
                return false;
        *ret_nsec = (g_get_real_time() - (int64_t) number) * 1000;
        return true;
}

char *text_sanitize(const char *text) {
        GString *s = g_string_sized_new(strlen(text));
        while (*text) {
                gunichar c = g_utf8_get_char_validated(text, -1);
                bool valid = c != (gunichar) -1 && c != (gunichar) -2;
                const char *next = valid ? g_utf8_next_char(text) : text + 1;
                if (valid && !g_unichar_iscntrl(c))
                        g_string_append_len(s, text, next - text);
                else
                        for (; text < next; text++)
                                g_string_append_printf(s, "\\x%02x", (unsigned char) *text);
                text = next;
        }
        return g_string_free(s, FALSE);
}
