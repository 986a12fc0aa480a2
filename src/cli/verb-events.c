/* SPDX-License-Identifier: Apache-2.0 */
/* berth events */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "systemd/event-read.h"
#include "systemd/events.h"

typedef struct EventsOptions {
        GPtrArray *filters;
        char *format, *since, *until;
        int no_trunc, stream; /* -1: not given, which is true */
        GError *error;        /* of the one that could not be shown */
} EventsOptions;

static void options_clear(EventsOptions *options) {
        g_clear_pointer(&options->filters, g_ptr_array_unref);
        g_clear_pointer(&options->format, g_free);
        g_clear_pointer(&options->since, g_free);
        g_clear_pointer(&options->until, g_free);
        g_clear_error(&options->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EventsOptions, options_clear)

static const OptionRow rows[] = {
        { "filter", 'f', OPTION_LIST, offsetof(EventsOptions, filters), "FILTER",
          "container=, event=, image=, label=, pod=, type=, volume=" },
        { "format", 0, OPTION_STRING, offsetof(EventsOptions, format), "FORMAT",
          "json, or a template" },
        { "no-trunc", 0, OPTION_TRISTATE, offsetof(EventsOptions, no_trunc), NULL,
          "Whole ids (the default)" },
        { "since", 0, OPTION_STRING, offsetof(EventsOptions, since), "TIME",
          "Not before: RFC 3339, or a duration back from now" },
        { "stream", 0, OPTION_TRISTATE, offsetof(EventsOptions, stream), NULL,
          "Go on with what happens next (the default)" },
        { "until", 0, OPTION_STRING, offsetof(EventsOptions, until), "TIME",
          "Not after, and end then" },
        { NULL },
};

static const char *member(JsonObject *event, const char *name) {
        return json_object_get_string_member(event, name);
}

/* By name, or the beginning of an id. */
static bool is_named(JsonObject *event, const char *type, const char *value) {
        return strcmp(member(event, "Type"), type) == 0 &&
               (strcmp(member(event, "Name"), value) == 0 ||
                g_str_has_prefix(member(event, "ID"), value));
}

static bool match_container(JsonObject *event, const char *value) {
        return is_named(event, "container", value);
}

static bool match_event(JsonObject *event, const char *value) {
        return strcmp(member(event, "Status"), value) == 0;
}

static bool match_image(JsonObject *event, const char *value) {
        return is_named(event, "image", value);
}

static bool match_label(JsonObject *event, const char *value) {
        JsonObject *labels = json_object_get_object_member(event, "Attributes");
        g_auto(GStrv) pair = g_strsplit(value, "=", 2);
        const char *held = json_object_get_string_member_with_default(labels, pair[0], NULL);
        return held && strcmp(held, pair[1] ? pair[1] : "") == 0;
}

static bool match_pod(JsonObject *event, const char *value) {
        return is_named(event, "pod", value);
}

static bool match_type(JsonObject *event, const char *value) {
        return strcmp(member(event, "Type"), value) == 0;
}

static bool match_volume(JsonObject *event, const char *value) {
        return strcmp(member(event, "Type"), "volume") == 0 &&
               strcmp(member(event, "Name"), value) == 0;
}

static const struct {
        const char *key;
        bool (*match)(JsonObject *event, const char *value);
} filter_rows[] = {
        { "container", match_container }, { "event", match_event },   { "image", match_image },
        { "label", match_label },         { "pod", match_pod },       { "status", match_event },
        { "type", match_type },           { "volume", match_volume },
};

static int find_filter(const char *filter, const char **ret_value) {
        const char *equal = strchr(filter, '=');
        size_t n = equal ? (size_t) (equal - filter) : 0;
        for (size_t i = 0; i < G_N_ELEMENTS(filter_rows) && equal; i++)
                if (strlen(filter_rows[i].key) == n &&
                    strncmp(filter_rows[i].key, filter, n) == 0) {
                        *ret_value = equal + 1;
                        return (int) i;
                }
        return -1;
}

static bool check_filters(const EventsOptions *options, GError **error) {
        const char *value;
        for (guint i = 0; options->filters && i < options->filters->len; i++) {
                const char *filter = options->filters->pdata[i];
                if (find_filter(filter, &value) >= 0)
                        continue;
                g_autofree char *key = g_strndup(filter, strcspn(filter, "="));
                return error_set_invalid(
                                error, "failed to parse event filters: %s is an invalid filter",
                                key);
        }
        return true;
}

/* Of one key any, of several keys each. */
static bool passes(JsonObject *event, const EventsOptions *options) {
        bool asked[G_N_ELEMENTS(filter_rows)] = { 0 }, holds[G_N_ELEMENTS(filter_rows)] = { 0 };
        for (guint i = 0; options->filters && i < options->filters->len; i++) {
                const char *value;
                int row = find_filter(options->filters->pdata[i], &value);
                asked[row] = true;
                holds[row] = holds[row] || filter_rows[row].match(event, value);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(filter_rows); i++)
                if (asked[i] && !holds[i])
                        return false;
        return true;
}

/* Podman's names and order of the members of the JSON form; what is empty is left out. */
static void print_json(JsonObject *event) {
        static const struct {
                const char *from, *to;
        } members[] = {
                { "ContainerExitCode", "ContainerExitCode" },
                { "ID", "ID" },
                { "Image", "Image" },
                { "Name", "Name" },
                { "Network", "network" },
                { "Status", "Status" },
                { "Time", "time" },
                { "TimeNano", "timeNano" },
                { "Type", "Type" },
                { "HealthStatus", "health_status" },
                { "PodID", "PodID" },
                { "Attributes", "Attributes" },
        };
        g_autoptr(JsonObject) shown = json_object_new();
        for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
                JsonNode *node = json_object_get_member(event, members[i].from);
                bool empty = JSON_NODE_HOLDS_VALUE(node) && json_node_get_string(node) &&
                             !*json_node_get_string(node);
                if (JSON_NODE_HOLDS_OBJECT(node) &&
                    json_object_get_size(json_node_get_object(node)) == 0)
                        json_object_set_null_member(shown, members[i].to);
                else if (!empty)
                        json_object_set_member(shown, members[i].to, json_node_copy(node));
        }
        g_autofree char *text = json_format_object(shown, false);
        printf("%s\n", text);
}

static bool show(JsonObject *event, void *data) {
        EventsOptions *options = data;
        if (!passes(event, options))
                return true;
        if (template_is_json(options->format)) {
                print_json(event);
        } else if (options->format && *options->format) {
                g_autofree char *line = template_format(options->format, event, &options->error);
                if (!line)
                        return false;
                printf("%s\n", line);
        } else {
                g_autofree char *text = event_text(event, options->no_trunc == 0);
                g_autofree char *clean = text_sanitize(text);
                g_autofree char *time =
                                text_format_go_time(json_object_get_int_member(event, "TimeNano"));
                printf("%s %s\n", time, clean);
        }
        return fflush(stdout) == 0;
}

static bool parse_moment(const char *text, const char *flag, int64_t *ret_nsec, GError **error) {
        return !text || !*text || text_parse_moment(text, ret_nsec) ||
               error_set_invalid(
                               error,
                               "failed to parse event filters: unable to convert %s time of %s: "
                               "unable to interpret time value",
                               flag, text);
}

static bool run(EventsOptions *options, GError **error) {
        EventRequest request = {
                .backend = global_options()->events_backend,
                .until_nsec = INT64_MAX,
                .stream = options->stream != 0,
        };
        bool from_now = request.stream && !options->since && !options->until;
        if (from_now)
                request.since_nsec = g_get_real_time() * 1000;
        if (!check_filters(options, error) ||
            !parse_moment(options->since, "since", &request.since_nsec, error) ||
            !parse_moment(options->until, "until", &request.until_nsec, error) ||
            !events_read(&request, show, options, error))
                return false;
        if (!options->error)
                return true;
        g_propagate_error(error, g_steal_pointer(&options->error));
        return false;
}

int verb_events(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth events [options]",
                .description = "Show what happened to containers, images, networks, pods, volumes",
                .rows = rows,
        };
        g_auto(EventsOptions) options = { .no_trunc = -1, .stream = -1 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        return r == OPTION_RESULT_OK && run(&options, &error) ? EXIT_STATUS_OK : verb_fail(&error);
}
