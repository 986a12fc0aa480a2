/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of pods: one row a key. */
#include "cli/pod-filter.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/container-json.h"
#include "cli/pod-json.h"

typedef struct Match {
        Runtime *runtime;
        const Pod *pod;
        GPtrArray *containers;
        const char *key, *value;
} Match;

static bool match_id(const Match *m, bool *ret, GError **error) {
        *ret = g_str_has_prefix(m->pod->id, m->value) ||
               g_regex_match_simple(m->value, m->pod->id, 0, 0);
        return true;
}

static bool match_name(const Match *m, bool *ret, GError **error) {
        *ret = g_regex_match_simple(m->value, m->pod->name, 0, 0);
        return true;
}

static bool match_label(const Match *m, bool *ret, GError **error) {
        g_auto(GStrv) pair = g_strsplit(m->value, "=", 2);
        const char *held = m->pod->labels && pair[0] ? g_hash_table_lookup(m->pod->labels, pair[0])
                                                     : NULL;
        *ret = (held && (!pair[1] || g_pattern_match_simple(pair[1], held))) !=
               (bool) g_str_has_suffix(m->key, "!");
        return true;
}

static bool match_status(const Match *m, bool *ret, GError **error) {
        static const char *const states[] = { "created", "degraded", "exited", "paused",
                                              "running", "stopped",  NULL };
        if (!g_strv_contains(states, m->value))
                return error_set_invalid(
                                error, "%s is not a valid pod status: invalid argument", m->value);
        *ret = g_ascii_strcasecmp(pod_status_text(m->runtime, m->pod, m->containers), m->value) ==
               0;
        return true;
}

static bool match_containers(const Match *m, bool *ret, GError **error) {
        *ret = false;
        for (guint i = 0; i < m->containers->len && !*ret; i++) {
                const ContainerRecord *record = m->containers->pdata[i];
                *ret = strcmp(m->key, "ctr-ids") == 0
                                       ? g_str_has_prefix(record->id, m->value)
                                       : g_regex_match_simple(m->value, record->name, 0, 0);
        }
        return true;
}

static bool match_container_status(const Match *m, bool *ret, GError **error) {
        *ret = false;
        for (guint i = 0; i < m->containers->len && !*ret; i++)
                *ret = strcmp(container_state_text(m->containers->pdata[i]), m->value) == 0;
        return true;
}

static bool match_number(const Match *m, bool *ret, GError **error) {
        uint64_t n;
        if (!text_parse_uint64(m->value, UINT32_MAX, &n))
                return error_set_invalid(
                                error, "invalid number '%s' in filter %s", m->value, m->key);
        *ret = m->containers->len == n;
        return true;
}

static bool match_network(const Match *m, bool *ret, GError **error) {
        g_autoptr(NetworkRequest) request = pod_network_request(m->pod, error);
        *ret = false;
        for (guint i = 0; request && i < request->attachments->len && !*ret; i++)
                *ret = strcmp(((NetworkAttachment *) request->attachments->pdata[i])->network,
                              m->value) == 0;
        return request;
}

static bool match_until(const Match *m, bool *ret, GError **error) {
        int64_t nsec;
        if (!text_parse_moment(m->value, &nsec))
                return error_set_invalid(error, "invalid time '%s' in filter until", m->value);
        *ret = m->pod->created_nsec < nsec;
        return true;
}

static const struct {
        const char *key;
        bool all; /* every filter of the key must hold */
        bool (*match)(const Match *match, bool *ret, GError **error);
} rows[] = {
        { "ctr-ids", false, match_containers },
        { "ctr-names", false, match_containers },
        { "ctr-number", false, match_number },
        { "ctr-status", false, match_container_status },
        { "id", false, match_id },
        { "label", true, match_label },
        { "label!", true, match_label },
        { "name", false, match_name },
        { "network", false, match_network },
        { "status", false, match_status },
        { "until", false, match_until },
};

static int find_row(const char *filter, GError **error) {
        size_t n = strcspn(filter, "=");
        if (!filter[n]) {
                error_set_invalid(
                                error,
                                "filter input must be in the form of filter=value: %s is "
                                "invalid",
                                filter);
                return -1;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (strlen(rows[i].key) == n && strncmp(rows[i].key, filter, n) == 0)
                        return (int) i;
        error_set_invalid(error, "%.*s is an invalid filter", (int) n, filter);
        return -1;
}

static bool passes(Match *match, GPtrArray *filters, bool *ret, GError **error) {
        bool asked[G_N_ELEMENTS(rows)] = { false }, holds[G_N_ELEMENTS(rows)] = { false };
        for (guint i = 0; i < filters->len; i++) {
                int row = find_row(filters->pdata[i], error);
                bool hit = false;
                if (row < 0)
                        return false;
                match->key = rows[row].key;
                match->value = (const char *) filters->pdata[i] + strlen(rows[row].key) + 1;
                if (!rows[row].match(match, &hit, error))
                        return false;
                holds[row] = rows[row].all && asked[row] ? holds[row] && hit : holds[row] || hit;
                asked[row] = true;
        }
        *ret = true;
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                *ret = *ret && (!asked[i] || holds[i]);
        return true;
}

bool pod_filter(Runtime *runtime, GPtrArray *pods, GPtrArray *filters, GError **error) {
        for (guint i = 0; filters && i < filters->len; i++)
                if (find_row(filters->pdata[i], error) < 0)
                        return false; /* also with no pod to look at */
        for (guint i = filters ? pods->len : 0; i > 0; i--) {
                Match match = { .runtime = runtime, .pod = pods->pdata[i - 1] };
                g_autoptr(GPtrArray) containers = pod_containers(runtime, match.pod, error);
                bool keep;
                match.containers = containers;
                if (!containers || !passes(&match, filters, &keep, error))
                        return false;
                if (!keep)
                        g_ptr_array_remove_index(pods, i - 1);
        }
        return true;
}
