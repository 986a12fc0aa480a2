/* SPDX-License-Identifier: Apache-2.0 */
/* Writing events. Several entries go to the journal as one datagram, which its native protocol
 * allows ("Native Journal Protocol", systemd's documentation: entries are separated by an empty
 * line), so that the start of a container costs one message. */
#include "systemd/events.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/user.h"
#include "config/containers-conf.h"

#define JOURNAL_SOCKET    "/run/systemd/journal/socket"
#define EVENT_FILE_MAX    (1u << 20)  /* events_logfile_max_size of containers.conf(5) */
#define MESSAGE_SIZE_KEPT (96u << 10) /* of a datagram, far below the socket's limit */

struct Events {
        char *asked;
        const ContainersConf *conf; /* borrowed, or NULL */
        bool is_open;
        EventBackend backend;
        char *path;
        GString *entries; /* not written yet */
};

Events *events_new(const char *backend, const ContainersConf *conf) {
        Events *events = g_new0(Events, 1);
        events->asked = g_strdup(backend);
        events->conf = conf;
        events->entries = g_string_new(NULL);
        return events;
}

void events_free(Events *events) {
        if (!events)
                return;
        events_flush(events);
        g_free(events->asked);
        g_free(events->path);
        g_string_free(events->entries, TRUE);
        g_free(events);
}

static char *default_path(void) {
        if (user_is_root())
                return g_strdup("/run/libpod/events/events.log");
        return g_build_filename(g_get_user_runtime_dir(), "libpod/tmp/events/events.log", NULL);
}

bool events_backend(
                const char *asked,
                const ContainersConf *given,
                EventBackend *ret_backend,
                char **ret_path,
                GError **error) {
        static const char *const names[] = { "journald", "file", "none" };
        g_autoptr(ContainersConf) own = given ? NULL : containers_conf_load(error);
        const ContainersConf *conf = given ? given : own;
        if (!conf)
                return false;
        const char *name = asked                                         ? asked
                           : conf->events_logger && *conf->events_logger ? conf->events_logger
                                                                         : "journald";
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if (strcmp(name, names[i]) == 0) {
                        *ret_backend = (EventBackend) i;
                        *ret_path = conf->events_logfile_path && *conf->events_logfile_path
                                                    ? g_strdup(conf->events_logfile_path)
                                                    : default_path();
                        return true;
                }
        return error_set_invalid(
                        error, "\"%s\" is not a valid events backend: invalid argument", name);
}

static void set_text(JsonObject *object, const char *name, const char *value) {
        if (value && *value)
                json_object_set_string_member(object, name, value);
}

JsonObject *event_to_json(const Event *event, int64_t nsec) {
        JsonObject *object = json_object_new();
        if (event->has_exit_code)
                json_object_set_int_member(object, "ContainerExitCode", event->exit_code);
        set_text(object, "ID", event->id);
        set_text(object, "Image", event->image);
        set_text(object, "Name", event->name);
        set_text(object, "Network", event->network);
        set_text(object, "Status", event->status);
        g_autofree char *when = text_format_time(nsec);
        set_text(object, "Time", when);
        set_text(object, "Type", event->type);
        set_text(object, "HealthStatus", event->health);
        set_text(object, "PodID", event->pod);
        if (event->labels && g_hash_table_size(event->labels) > 0)
                json_set_string_map(object, "Attributes", event->labels);
        else
                json_object_set_null_member(object, "Attributes");
        return object;
}

static const char *member(JsonObject *object, const char *name) {
        const char *text = json_object_get_string_member_with_default(object, name, "");
        return text ? text : "";
}

static void add_labels(GString *text, JsonObject *event) {
        JsonNode *node = json_object_get_member(event, "Attributes");
        if (!node || !JSON_NODE_HOLDS_OBJECT(node))
                return;
        JsonObject *labels = json_node_get_object(node);
        g_autoptr(GList) names =
                        g_list_sort(json_object_get_members(labels), (GCompareFunc) strcmp);
        for (const GList *at = names; at; at = at->next)
                g_string_append_printf(
                                text, ", %s=%s", (const char *) at->data, member(labels, at->data));
}

char *event_text(JsonObject *event, bool truncate) {
        const char *type = member(event, "Type"), *name = member(event, "Name");
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *id = g_strndup(member(event, "ID"), truncate ? 12 : 64);
        g_string_printf(text, "%s %s", type, member(event, "Status"));
        if (*id)
                g_string_append_printf(text, " %s", id);
        if (strcmp(type, "container") == 0 || strcmp(type, "pod") == 0) {
                g_string_append_printf(text, " (image=%s, name=%s", member(event, "Image"), name);
                if (*member(event, "PodID"))
                        g_string_append_printf(text, ", pod_id=%s", member(event, "PodID"));
                if (*member(event, "HealthStatus"))
                        g_string_append_printf(
                                        text, ", health_status=%s", member(event, "HealthStatus"));
                add_labels(text, event);
                g_string_append_c(text, ')');
        } else if (strcmp(type, "network") == 0) {
                bool of_container = strstr(member(event, "Status"), "connect") != NULL;
                if (of_container)
                        g_string_append_printf(
                                        text, " (container=%s, name=%s)", id,
                                        member(event, "Network"));
                else
                        g_string_append_printf(text, " (name=%s)", member(event, "Network"));
        } else if (strcmp(type, "system") != 0) {
                g_string_append_printf(text, " %s", name);
        }
        return g_string_free(g_steal_pointer(&text), FALSE);
}

/* A value with a newline has its length before it, little endian. */
static void add_field(GString *entry, const char *name, const char *value) {
        if (!value)
                return;
        if (!strchr(value, '\n')) {
                g_string_append_printf(entry, "%s=%s\n", name, value);
                return;
        }
        guint64 size = GUINT64_TO_LE((guint64) strlen(value));
        g_string_append_printf(entry, "%s\n", name);
        g_string_append_len(entry, (const char *) &size, sizeof size);
        g_string_append_printf(entry, "%s\n", value);
}

static void add_journal_entry(GString *entries, const Event *event, int64_t nsec) {
        g_autoptr(JsonObject) json = event_to_json(event, nsec);
        g_autofree char *text = event_text(json, false);
        g_autofree char *time = text_format_time(nsec);
        g_autofree char *go_time = text_format_go_time(nsec);
        g_autofree char *message = g_strconcat(go_time, " ", text, NULL);
        g_autofree char *code = g_strdup_printf("%d", event->exit_code);
        g_autofree char *labels = NULL;
        JsonNode *attributes = json_object_get_member(json, "Attributes");
        if (JSON_NODE_HOLDS_OBJECT(attributes))
                labels = json_format(attributes, false);
        if (entries->len > 0)
                g_string_append_c(entries, '\n');
        add_field(entries, "MESSAGE", message);
        add_field(entries, "PRIORITY", "6");
        add_field(entries, "SYSLOG_IDENTIFIER", "podman"); /* by which Podman finds its events */
        add_field(entries, "PODMAN_EVENT", event->status);
        add_field(entries, "PODMAN_TYPE", event->type);
        add_field(entries, "PODMAN_TIME", time);
        add_field(entries, "PODMAN_ID", event->id);
        add_field(entries, "PODMAN_NAME", event->name);
        add_field(entries, "PODMAN_IMAGE", event->image);
        add_field(entries, "PODMAN_POD_ID", event->pod);
        add_field(entries, "PODMAN_NETWORK_NAME", event->network);
        add_field(entries, "PODMAN_HEALTH_STATUS", event->health);
        add_field(entries, "PODMAN_LABELS", labels);
        add_field(entries, "PODMAN_EXIT_CODE", event->has_exit_code ? code : NULL);
}

static bool send_to_journal(const GString *entries, GError **error) {
        const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
        autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        socklen_t size = offsetof(struct sockaddr_un, sun_path) + sizeof JOURNAL_SOCKET;
        if (fd >= 0 && sendto(fd, entries->str, entries->len, MSG_NOSIGNAL,
                              (const struct sockaddr *) &address, size) >= 0)
                return true;
        return error_set_errno(error, errno, "Cannot write events to the journal");
}

/* The newer half stays of a file that has grown too large. */
static bool rotate(const char *path, GError **error) {
        g_autoptr(GBytes) bytes = NULL;
        struct stat st;
        if (stat(path, &st) < 0 || (size_t) st.st_size < EVENT_FILE_MAX)
                return true;
        if (!file_read(AT_FDCWD, path, 4 * EVENT_FILE_MAX, &bytes, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        const char *line = memchr(text + size / 2, '\n', size - size / 2);
        const char *rest = line ? line + 1 : text + size;
        return file_replace(
                        AT_FDCWD, path, rest, size - (size_t) (rest - text), 0600, FILE_VOLATILE,
                        error);
}

static bool append_to_file(const char *path, const GString *entries, GError **error) {
        g_autofree char *directory = g_path_get_dirname(path);
        g_autofree char *lock_path = g_strconcat(path, ".lock", NULL);
        struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        if (!file_make_directories(AT_FDCWD, directory, 0700, error))
                return false;
        autofd int lock_fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (lock_fd < 0 || fcntl(lock_fd, F_OFD_SETLKW, &whole) < 0)
                return error_set_errno(error, errno, "Cannot lock '%s'", lock_path);
        if (!rotate(path, error))
                return false;
        autofd int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        int r = fd < 0 ? -errno : fd_write_all(fd, entries->str, entries->len);
        return r >= 0 || error_set_errno(error, r, "Cannot write events to '%s'", path);
}

static bool settle_backend(Events *events) {
        g_autoptr(GError) error = NULL;
        if (events->is_open)
                return true;
        events->is_open = true;
        if (events_backend(events->asked, events->conf, &events->backend, &events->path, &error))
                return true;
        log_warning("%s; no events are written", error->message);
        events->backend = EVENT_BACKEND_NONE;
        return true;
}

void events_add(Events *events, const Event *event) {
        int64_t now = g_get_real_time() * 1000;
        if (!settle_backend(events) || events->backend == EVENT_BACKEND_NONE)
                return;
        if (events->entries->len > MESSAGE_SIZE_KEPT)
                events_flush(events);
        if (events->backend == EVENT_BACKEND_JOURNALD) {
                add_journal_entry(events->entries, event, now);
                return;
        }
        g_autoptr(JsonObject) json = event_to_json(event, now);
        g_autofree char *line = json_format_object(json, false);
        g_string_append_printf(events->entries, "%s\n", line);
}

void events_flush(Events *events) {
        g_autoptr(GError) error = NULL;
        if (events->entries->len == 0)
                return;
        bool ok = events->backend == EVENT_BACKEND_JOURNALD
                                  ? send_to_journal(events->entries, &error)
                                  : append_to_file(events->path, events->entries, &error);
        g_string_truncate(events->entries, 0);
        /* without a journal nobody will look for them there */
        if (!ok && !g_error_matches(error, ERROR_ERRNO, ENOENT))
                log_warning("%s", error->message);
}

void events_tell(const char *backend, const Event *event) {
        g_autoptr(Events) events = events_new(backend, NULL);
        events_add(events, event);
}
