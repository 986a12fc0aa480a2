/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of containers: one row a key. */
#include "cli/container-filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/container-json.h"
#include "cli/container-mounts.h"
#include "cli/health-json.h"
#include "runtime/pod.h"

typedef struct Match {
        Runtime *runtime;
        const ContainerRecord *record;
        const char *key, *value;
} Match;

static bool match_id(const Match *m, bool *ret, GError **error) {
        *ret = g_str_has_prefix(m->record->id, m->value) ||
               g_regex_match_simple(m->value, m->record->id, 0, 0);
        return true;
}

static bool match_name(const Match *m, bool *ret, GError **error) {
        *ret = g_regex_match_simple(m->value, m->record->name, 0, 0);
        return true;
}

static bool match_status(const Match *m, bool *ret, GError **error) {
        static const char *const states[] = { "created", "initialized", "running",  "stopped",
                                              "paused",  "exited",      "removing", "stopping",
                                              "unknown", NULL };
        if (!g_strv_contains(states, m->value))
                return error_set_invalid(
                                error, "%s is not a valid status: invalid argument", m->value);
        const char *state = container_state_text(m->record);
        /* "stopped" and "exited" are one state here, as nearly everywhere in Podman */
        *ret = strcmp(state, m->value) == 0 ||
               (strcmp(m->value, "stopped") == 0 && strcmp(state, "exited") == 0);
        return true;
}

static bool match_exited(const Match *m, bool *ret, GError **error) {
        char *end;
        long code = strtol(m->value, &end, 10);
        if (end == m->value || *end)
                return error_set_invalid(error, "exited code out of range %s", m->value);
        *ret = record_status(m->record) == CONTAINER_EXITED &&
               container_exit_code(m->record) == code;
        return true;
}

/* A part of the name, with or without tag, or the image's id. */
static bool match_ancestor(const Match *m, bool *ret, GError **error) {
        const ContainerRecord *r = m->record;
        *ret = (r->image && strstr(r->image, m->value)) ||
               (r->image_id && g_str_has_prefix(r->image_id, m->value));
        return true;
}

/* "name", "name=value", with a '*' at the end of the value for a prefix */
static bool match_label(const Match *m, bool *ret, GError **error) {
        g_auto(GStrv) pair = g_strsplit(m->value, "=", 2);
        const char *held = m->record->labels && pair[0]
                                           ? g_hash_table_lookup(m->record->labels, pair[0])
                                           : NULL;
        *ret = held && (!pair[1] || g_pattern_match_simple(pair[1], held));
        if (g_str_has_suffix(m->key, "!"))
                *ret = !*ret;
        return true;
}

static bool match_age(const Match *m, bool *ret, GError **error) {
        g_autoptr(ContainerRecord) other = record_find(m->runtime->records, m->value, error);
        if (!other)
                return false;
        *ret = strcmp(m->key, "before") == 0 ? m->record->created_nsec < other->created_nsec
                                             : m->record->created_nsec > other->created_nsec;
        return true;
}

static bool match_until(const Match *m, bool *ret, GError **error) {
        int64_t nsec;
        if (!text_parse_moment(m->value, &nsec))
                return error_set_invalid(error, "invalid time '%s' in filter until", m->value);
        *ret = m->record->created_nsec < nsec;
        return true;
}

static bool match_volume(const Match *m, bool *ret, GError **error) {
        g_autoptr(GPtrArray) mounts = container_mounts(m->runtime, m->record, error);
        if (!mounts)
                return false;
        g_auto(GStrv) pair = g_strsplit(m->value, ":", 2);
        *ret = false;
        for (guint i = 0; i < mounts->len && !*ret; i++) {
                const ContainerMount *mount = mounts->pdata[i];
                *ret = (g_strcmp0(mount->name, pair[0]) == 0 ||
                        g_strcmp0(mount->source, pair[0]) == 0 ||
                        g_strcmp0(mount->destination, pair[0]) == 0) &&
                       (!pair[1] || g_strcmp0(mount->destination, pair[1]) == 0);
        }
        return true;
}

static bool match_network(const Match *m, bool *ret, GError **error) {
        *ret = g_strcmp0(m->record->network, m->value) == 0;
        return true;
}

static bool match_pod(const Match *m, bool *ret, GError **error) {
        g_autoptr(Pod) pod = pod_find(m->runtime->records, m->value, NULL);
        *ret = pod && g_strcmp0(m->record->pod, pod->id) == 0;
        return true;
}

static bool match_command(const Match *m, bool *ret, GError **error) {
        *ret = m->record->command && g_strcmp0(m->record->command[0], m->value) == 0;
        return true;
}

static bool match_health(const Match *m, bool *ret, GError **error) {
        const char *health = health_text(m->runtime, m->record);
        *ret = strcmp(m->value, health ? health : "none") == 0;
        return true;
}

static const struct {
        const char *key;
        bool all; /* every filter of the key must hold */
        bool (*match)(const Match *match, bool *ret, GError **error);
} rows[] = {
        { "ancestor", false, match_ancestor }, { "before", false, match_age },
        { "command", false, match_command },   { "exited", false, match_exited },
        { "health", false, match_health },     { "id", false, match_id },
        { "label", true, match_label },        { "label!", true, match_label },
        { "name", false, match_name },         { "network", false, match_network },
        { "pod", false, match_pod },           { "since", false, match_age },
        { "status", false, match_status },     { "until", false, match_until },
        { "volume", false, match_volume },
};

/* "KEY=VALUE", "KEY!=VALUE" */
static bool split(const char *filter, char **ret_key, const char **ret_value, GError **error) {
        const char *equal = strchr(filter, '=');
        if (!equal || equal == filter)
                return error_set_invalid(
                                error, "invalid argument \"%s\" in filter, expected KEY=VALUE",
                                filter);
        *ret_key = g_strndup(filter, (gsize) (equal - filter));
        *ret_value = equal + 1;
        return true;
}

static int find_row(const char *key, GError **error) {
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (strcmp(rows[i].key, key) == 0)
                        return (int) i;
        error_set_invalid(error, "%s is an invalid filter", key);
        return -1;
}

typedef struct Verdict {
        bool asked, holds;
} Verdict;

static bool
passes(Runtime *runtime,
       const ContainerRecord *record,
       GPtrArray *filters,
       bool *ret,
       GError **error) {
        Verdict verdicts[G_N_ELEMENTS(rows)] = { 0 };
        for (guint i = 0; i < filters->len; i++) {
                g_autofree char *key = NULL;
                Match match = { .runtime = runtime, .record = record };
                if (!split(filters->pdata[i], &key, &match.value, error))
                        return false;
                match.key = key;
                int row = find_row(key, error);
                bool hit = false;
                if (row < 0 || !rows[row].match(&match, &hit, error))
                        return false;
                Verdict *v = &verdicts[row];
                v->holds = rows[row].all && v->asked ? v->holds && hit : v->holds || hit;
                v->asked = true;
        }
        *ret = true;
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                *ret = *ret && (!verdicts[i].asked || verdicts[i].holds);
        return true;
}

/* Also with no container to look at: a filter that makes no sense is told. */
static bool check(GPtrArray *filters, GError **error) {
        for (guint i = 0; i < filters->len; i++) {
                g_autofree char *key = NULL;
                const char *value;
                if (!split(filters->pdata[i], &key, &value, error) || find_row(key, error) < 0)
                        return false;
        }
        return true;
}

bool container_filter(Runtime *runtime, GPtrArray *list, GPtrArray *filters, GError **error) {
        if (!filters)
                return true;
        if (!check(filters, error))
                return false;
        for (guint i = list->len; i > 0; i--) {
                bool keep;
                if (!passes(runtime, list->pdata[i - 1], filters, &keep, error))
                        return false;
                if (!keep)
                        g_ptr_array_remove_index(list, i - 1);
        }
        return true;
}

bool container_filter_has(GPtrArray *filters, const char *key) {
        size_t n = strlen(key);
        for (guint i = 0; filters && i < filters->len; i++)
                if (strncmp(filters->pdata[i], key, n) == 0 &&
                    ((char *) filters->pdata[i])[n] == '=')
                        return true;
        return false;
}
