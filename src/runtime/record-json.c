/* SPDX-License-Identifier: Apache-2.0 */
/* record.json: one table of members serves both directions. */
#include "runtime/record-json.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"

typedef enum MemberKind {
        MEMBER_TEXT,
        MEMBER_STRV,
        MEMBER_INT64,
        MEMBER_INT,
        MEMBER_BOOL,
        MEMBER_MAP,
        MEMBER_OBJECT,
} MemberKind;

#define ROW(member_name, member, member_kind)                                                      \
        { member_name, member_kind, offsetof(ContainerRecord, member) }

static const struct {
        const char *name;
        MemberKind kind;
        size_t offset;
} rows[] = {
        ROW("id", id, MEMBER_TEXT),
        ROW("name", name, MEMBER_TEXT),
        ROW("image", image, MEMBER_TEXT),
        ROW("imageId", image_id, MEMBER_TEXT),
        ROW("command", command, MEMBER_STRV),
        ROW("unit", unit, MEMBER_TEXT),
        ROW("cgroup", cgroup, MEMBER_TEXT),
        ROW("network", network, MEMBER_TEXT),
        ROW("networkRequest", network_request, MEMBER_OBJECT),
        ROW("networkStatus", network_status, MEMBER_OBJECT),
        ROW("logDriver", log_driver, MEMBER_TEXT),
        ROW("logTag", log_tag, MEMBER_TEXT),
        ROW("pidFile", pid_file, MEMBER_TEXT),
        ROW("conmonPidFile", conmon_pid_file, MEMBER_TEXT),
        ROW("logPath", log_path, MEMBER_TEXT),
        ROW("logSizeMax", log_size_max, MEMBER_INT64),
        ROW("filterPath", filter_path, MEMBER_TEXT),
        ROW("anonymousVolumes", anonymous_volumes, MEMBER_STRV),
        ROW("labels", labels, MEMBER_MAP),
        ROW("health", health, MEMBER_OBJECT),
        ROW("secretVariables", secret_variables, MEMBER_STRV),
        ROW("createCommand", create_command, MEMBER_TEXT),
        ROW("pid", pid, MEMBER_INT),
        ROW("pidStartTicks", pid_start_ticks, MEMBER_INT64),
        ROW("created", created_nsec, MEMBER_INT64),
        ROW("started", started_nsec, MEMBER_INT64),
        ROW("finished", finished_nsec, MEMBER_INT64),
        ROW("stopSignal", stop_signal, MEMBER_INT),
        ROW("stopTimeout", stop_timeout_sec, MEMBER_INT64),
        ROW("restart", restart, MEMBER_TEXT),
        ROW("sdnotify", sdnotify, MEMBER_TEXT),
        ROW("slice", slice, MEMBER_TEXT),
        ROW("pod", pod, MEMBER_TEXT),
        ROW("requires", requires, MEMBER_STRV),
        ROW("timeout", timeout_sec, MEMBER_INT64),
        ROW("remove", remove, MEMBER_BOOL),
        ROW("removeImage", remove_image, MEMBER_BOOL),
        ROW("tty", tty, MEMBER_BOOL),
        ROW("interactive", interactive, MEMBER_BOOL),
        ROW("initialized", initialized, MEMBER_BOOL),
        ROW("mountCount", mount_count, MEMBER_INT64),
        ROW("hasExitCode", has_exit_code, MEMBER_BOOL),
        ROW("oomKilled", oom_killed, MEMBER_BOOL),
        ROW("exitCode", exit_code, MEMBER_INT),
};

static bool get_member(JsonObject *object, ContainerRecord *record, size_t i, GError **error) {
        void *at = (char *) record + rows[i].offset;
        const char *text;
        int64_t number;
        JsonObject *inner;
        switch (rows[i].kind) {
        case MEMBER_TEXT:
                if (!json_get_string(object, rows[i].name, &text, error))
                        return false;
                *(char **) at = g_strdup(text);
                return true;
        case MEMBER_STRV:
                return json_get_strings(object, rows[i].name, at, error);
        case MEMBER_INT64:
                return json_get_int(object, rows[i].name, at, error);
        case MEMBER_INT:
                if (!json_get_int(object, rows[i].name, &number, error))
                        return false;
                *(int *) at = (int) number;
                return true;
        case MEMBER_BOOL:
                return json_get_bool(object, rows[i].name, at, error);
        case MEMBER_MAP:
                return json_get_string_map(object, rows[i].name, at, error);
        case MEMBER_OBJECT:
                if (!json_get_object(object, rows[i].name, &inner, error))
                        return false;
                if (inner)
                        *(JsonNode **) at = json_node_copy(
                                        json_object_get_member(object, rows[i].name));
                return true;
        }
        g_assert_not_reached();
}

ContainerRecord *record_parse(const char *bytes, size_t size, GError **error) {
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object;
        if (!json_parse_object(bytes, size, size, "record.json", &root, &object, error))
                return NULL;
        g_autoptr(ContainerRecord) record = record_new();
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (!get_member(object, record, i, error))
                        return NULL;
        if (!hex_id_is_valid(record->id) || !record->name) {
                error_set_invalid(error, "record.json: no id or name");
                return NULL;
        }
        return g_steal_pointer(&record);
}

char *record_format(const ContainerRecord *record) {
        g_autoptr(JsonObject) object = json_object_new();
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                const void *at = (const char *) record + rows[i].offset;
                switch (rows[i].kind) {
                case MEMBER_TEXT:
                        if (*(char *const *) at)
                                json_object_set_string_member(
                                                object, rows[i].name, *(char *const *) at);
                        break;
                case MEMBER_STRV:
                        if (*(char **const *) at)
                                json_set_strings(
                                                object, rows[i].name,
                                                *(const char *const *const *) at);
                        break;
                case MEMBER_INT64:
                        json_object_set_int_member(object, rows[i].name, *(const int64_t *) at);
                        break;
                case MEMBER_INT:
                        json_object_set_int_member(object, rows[i].name, *(const int *) at);
                        break;
                case MEMBER_BOOL:
                        json_object_set_boolean_member(object, rows[i].name, *(const bool *) at);
                        break;
                case MEMBER_MAP:
                        if (*(GHashTable *const *) at)
                                json_set_string_map(
                                                object, rows[i].name, *(GHashTable *const *) at);
                        break;
                case MEMBER_OBJECT:
                        if (*(JsonNode *const *) at)
                                json_object_set_member(
                                                object, rows[i].name,
                                                json_node_copy(*(JsonNode *const *) at));
                        break;
                }
        }
        return json_format_object(object, false);
}

ContainerRecord *record_new(void) {
        return g_new0(ContainerRecord, 1);
}

void record_free(ContainerRecord *record) {
        if (!record)
                return;
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                void *at = (char *) record + rows[i].offset;
                if (rows[i].kind == MEMBER_TEXT)
                        g_free(*(char **) at);
                else if (rows[i].kind == MEMBER_STRV)
                        g_strfreev(*(char ***) at);
                else if (rows[i].kind == MEMBER_MAP)
                        g_clear_pointer((GHashTable **) at, g_hash_table_unref);
                else if (rows[i].kind == MEMBER_OBJECT)
                        g_clear_pointer((JsonNode **) at, json_node_unref);
        }
        g_free(record);
}
