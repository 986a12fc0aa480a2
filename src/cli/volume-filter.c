/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of volumes: one row a key. */
#include "cli/volume-filter.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

typedef struct Match {
        Runtime *runtime;
        const Volume *volume;
        const char *key, *value;
} Match;

static bool has_pair(GHashTable *map, const char *text) {
        g_auto(GStrv) pair = g_strsplit(text, "=", 2);
        const char *held = map && pair[0] ? g_hash_table_lookup(map, pair[0]) : NULL;
        return held && (!pair[1] || strcmp(held, pair[1]) == 0);
}

static bool match_name(const Match *m, bool *ret, GError **error) {
        *ret = g_regex_match_simple(m->value, m->volume->name, 0, 0);
        return true;
}

static bool match_driver(const Match *m, bool *ret, GError **error) {
        *ret = strcmp(m->value, "local") == 0;
        return true;
}

static bool match_scope(const Match *m, bool *ret, GError **error) {
        *ret = strcmp(m->value, "local") == 0;
        return true;
}

static bool match_label(const Match *m, bool *ret, GError **error) {
        *ret = has_pair(m->volume->labels, m->value) != g_str_has_suffix(m->key, "!");
        return true;
}

static bool match_opt(const Match *m, bool *ret, GError **error) {
        *ret = has_pair(m->volume->options, m->value);
        return true;
}

static bool match_dangling(const Match *m, bool *ret, GError **error) {
        bool wanted;
        if (!text_parse_bool(m->value, &wanted))
                return error_set_invalid(
                                error,
                                "\"%s\" is not a valid value for the \"dangling\" filter - must be "
                                "true or false",
                                m->value);
        g_autoptr(GPtrArray) users = volume_users(m->runtime, m->volume, error);
        *ret = users && (users->len == 0) == wanted;
        return users;
}

static bool match_age(const Match *m, bool *ret, GError **error) {
        int64_t nsec;
        if (!text_parse_moment(m->value, &nsec))
                return error_set_invalid(error, "invalid time '%s' in filter %s", m->value, m->key);
        *ret = strcmp(m->key, "since") == 0 ? m->volume->created_nsec > nsec
                                            : m->volume->created_nsec < nsec;
        return true;
}

static bool match_anonymous(const Match *m, bool *ret, GError **error) {
        bool wanted;
        if (!text_parse_bool(m->value, &wanted))
                return error_set_invalid(
                                error, "\"%s\" is not a valid value for the \"all\" filter",
                                m->value);
        *ret = wanted || m->volume->anonymous;
        return true;
}

static const struct {
        const char *key;
        bool (*match)(const Match *match, bool *ret, GError **error);
} rows[] = {
        { "all", match_anonymous },     { "anonymous", match_anonymous },
        { "dangling", match_dangling }, { "driver", match_driver },
        { "label", match_label },       { "label!", match_label },
        { "name", match_name },         { "opt", match_opt },
        { "scope", match_scope },       { "since", match_age },
        { "until", match_age },
};

static bool apply(Match *match, const char *filter, bool *ret, GError **error) {
        const char *equal = strchr(filter, '=');
        g_autofree char *key =
                        equal ? g_strndup(filter, (gsize) (equal - filter)) : g_strdup(filter);
        if (!equal)
                return error_set_invalid(
                                error, "invalid filter \"%s\", expected KEY=VALUE", filter);
        match->key = key;
        match->value = equal + 1;
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (strcmp(rows[i].key, key) == 0)
                        return rows[i].match(match, ret, error);
        return error_set_invalid(error, "\"%s\" is an invalid volume filter", key);
}

/* Labels must all hold, values of another key are alternatives. */
static bool passes(Match *match, GPtrArray *filters, bool *ret, GError **error) {
        g_autoptr(GHashTable) verdicts =
                        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (guint i = 0; i < filters->len; i++) {
                bool hit = false;
                if (!apply(match, filters->pdata[i], &hit, error))
                        return false;
                g_autofree char *key =
                                g_strndup(filters->pdata[i], strcspn(filters->pdata[i], "="));
                gpointer before;
                bool seen = g_hash_table_lookup_extended(verdicts, key, NULL, &before);
                bool all = g_str_has_prefix(key, "label");
                bool now = seen && all ? hit && GPOINTER_TO_INT(before)
                           : seen      ? hit || GPOINTER_TO_INT(before)
                                       : hit;
                g_hash_table_insert(verdicts, g_steal_pointer(&key), GINT_TO_POINTER(now));
        }
        *ret = true;
        GHashTableIter iter;
        gpointer verdict;
        g_hash_table_iter_init(&iter, verdicts);
        while (g_hash_table_iter_next(&iter, NULL, &verdict))
                *ret = *ret && GPOINTER_TO_INT(verdict);
        return true;
}

bool volume_filter(Runtime *runtime, GPtrArray *volumes, GPtrArray *filters, GError **error) {
        for (guint i = filters ? volumes->len : 0; i > 0; i--) {
                Match match = { .runtime = runtime, .volume = volumes->pdata[i - 1] };
                bool keep;
                if (!passes(&match, filters, &keep, error))
                        return false;
                if (!keep)
                        g_ptr_array_remove_index(volumes, i - 1);
        }
        return true;
}
