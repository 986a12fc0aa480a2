/* SPDX-License-Identifier: Apache-2.0 */
/* Events from the journal or from Podman's file. */
#include "systemd/event-read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "base/user.h"
#include "systemd/events.h"

#define WAIT_USEC      250000
#define SLACK_USEC     G_USEC_PER_SEC /* between an event's own time and its entry's */
#define LINE_SIZE_MAX  (1u << 20)
#define LABEL_SIZE_MAX (1u << 20)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_journal, sd_journal_close)

typedef struct Reader {
        const EventRequest *request;
        EventAct act;
        void *data;
} Reader;

static char *field(sd_journal *journal, const char *name) {
        const void *bytes;
        size_t size, skip = strlen(name) + 1;
        if (sd_journal_get_data(journal, name, &bytes, &size) < 0 || size < skip)
                return NULL;
        return g_utf8_make_valid((const char *) bytes + skip, (gssize) (size - skip));
}

static void copy_text(sd_journal *journal, const char *name, JsonObject *event, const char *to) {
        g_autofree char *text = field(journal, name);
        json_object_set_string_member(event, to, text ? text : "");
}

/* Labels of a container, a JSON object; what is not one says nothing. */
static void copy_labels(sd_journal *journal, JsonObject *event) {
        g_autofree char *text = field(journal, "PODMAN_LABELS");
        g_autoptr(JsonNode) root = NULL;
        JsonObject *labels;
        if (text &&
            json_parse_object(text, strlen(text), LABEL_SIZE_MAX, "labels", &root, &labels, NULL))
                json_object_set_object_member(event, "Attributes", json_object_ref(labels));
        else
                json_object_set_object_member(event, "Attributes", json_object_new());
}

static void set_time(JsonObject *event, int64_t nsec) {
        json_object_set_int_member(event, "Time", nsec / 1000000000);
        json_object_set_int_member(event, "TimeNano", nsec);
}

static JsonObject *entry_to_event(sd_journal *journal, int64_t *ret_nsec) {
        static const struct {
                const char *field, *member;
        } texts[] = {
                { "PODMAN_ID", "ID" },
                { "PODMAN_IMAGE", "Image" },
                { "PODMAN_NAME", "Name" },
                { "PODMAN_NETWORK_NAME", "Network" },
                { "PODMAN_EVENT", "Status" },
                { "PODMAN_TYPE", "Type" },
                { "PODMAN_HEALTH_STATUS", "HealthStatus" },
                { "PODMAN_POD_ID", "PodID" },
        };
        g_autofree char *time = field(journal, "PODMAN_TIME");
        g_autofree char *code = field(journal, "PODMAN_EXIT_CODE");
        uint64_t number;
        if (!time || !text_parse_time(time, ret_nsec))
                return NULL;
        JsonObject *event = json_object_new();
        if (code && text_parse_uint64(code, INT32_MAX, &number))
                json_object_set_int_member(event, "ContainerExitCode", (gint64) number);
        else
                json_object_set_string_member(event, "ContainerExitCode", "");
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                copy_text(journal, texts[i].field, event, texts[i].member);
        copy_labels(journal, event);
        set_time(event, *ret_nsec);
        return event;
}

/* False when there is enough. */
static bool show(const Reader *reader, JsonObject *event, int64_t nsec) {
        if (nsec > reader->request->until_nsec)
                return false;
        return nsec < reader->request->since_nsec || reader->act(event, reader->data);
}

static bool is_over(const Reader *reader) {
        return !reader->request->stream || g_get_real_time() > reader->request->until_nsec / 1000;
}

static int open_journal(const Reader *reader, sd_journal **ret) {
        g_autofree char *uid = g_strdup_printf("_UID=%u", (unsigned int) user_id());
        int64_t since_usec = reader->request->since_nsec / 1000 - SLACK_USEC;
        int r = sd_journal_open(ret, SD_JOURNAL_LOCAL_ONLY);
        if (r >= 0)
                r = sd_journal_add_match(*ret, "SYSLOG_IDENTIFIER=podman", 0);
        if (r >= 0)
                r = sd_journal_add_match(*ret, uid, 0);
        return r < 0 ? r : sd_journal_seek_realtime_usec(*ret, (uint64_t) MAX(since_usec, 0));
}

static bool read_journal(const Reader *reader, GError **error) {
        g_autoptr(sd_journal) journal = NULL;
        int r = open_journal(reader, &journal);
        while (r >= 0) {
                r = sd_journal_next(journal);
                if (r > 0) {
                        int64_t nsec = 0;
                        g_autoptr(JsonObject) event = entry_to_event(journal, &nsec);
                        if (event && !show(reader, event, nsec))
                                return true;
                        continue;
                }
                if (r == 0 && is_over(reader))
                        return true;
                if (r == 0)
                        r = sd_journal_wait(journal, WAIT_USEC);
                if (r == -EINTR)
                        r = 0;
        }
        return error_set_errno(error, r, "Cannot read the journal");
}

/* Absent members are there with no value, as in entries of the journal. */
static bool show_line(const Reader *reader, const char *line, size_t size) {
        static const char *const texts[] = { "ID",     "Image", "Name",         "Network",
                                             "Status", "Type",  "HealthStatus", "PodID" };
        g_autoptr(JsonNode) root = NULL;
        JsonObject *event;
        const char *time;
        int64_t nsec;
        if (!json_parse_object(line, size, LINE_SIZE_MAX, "event", &root, &event, NULL) ||
            !json_get_string(event, "Time", &time, NULL) || !time || !text_parse_time(time, &nsec))
                return true; /* half a line of a writer that died */
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                if (!json_object_has_member(event, texts[i]))
                        json_object_set_string_member(event, texts[i], "");
        if (!json_object_has_member(event, "ContainerExitCode"))
                json_object_set_string_member(event, "ContainerExitCode", "");
        JsonNode *labels = json_object_get_member(event, "Attributes");
        if (!labels || !JSON_NODE_HOLDS_OBJECT(labels))
                json_object_set_object_member(event, "Attributes", json_object_new());
        set_time(event, nsec);
        return show(reader, event, nsec);
}

/* Whole lines of what is there; what is left of a line waits for its rest. */
static bool show_lines(const Reader *reader, GString *pending) {
        for (char *end; (end = memchr(pending->str, '\n', pending->len));) {
                size_t size = (size_t) (end - pending->str);
                if (!show_line(reader, pending->str, size))
                        return false;
                g_string_erase(pending, 0, (gssize) size + 1);
        }
        return true;
}

static bool read_file(const Reader *reader, const char *path, GError **error) {
        g_autoptr(GString) pending = g_string_new(NULL);
        autofd int fd = -1;
        for (;;) {
                char buffer[65536];
                if (fd < 0)
                        fd = open(path, O_RDONLY | O_CLOEXEC);
                if (fd < 0 && errno != ENOENT)
                        return error_set_errno(error, errno, "Cannot open '%s'", path);
                ssize_t n = fd < 0 ? 0 : read(fd, buffer, sizeof buffer);
                if (n < 0)
                        return error_set_errno(error, errno, "Cannot read '%s'", path);
                g_string_append_len(pending, buffer, n);
                if (!show_lines(reader, pending) || (n == 0 && is_over(reader)))
                        return true;
                if (pending->len > LINE_SIZE_MAX)
                        return error_set_invalid(error, "'%s' has a line that is too long", path);
                if (n == 0)
                        g_usleep(WAIT_USEC);
        }
}

bool events_read(const EventRequest *request, EventAct act, void *data, GError **error) {
        const Reader reader = { request, act, data };
        EventBackend backend;
        g_autofree char *path = NULL;
        if (!events_backend(request->backend, NULL, &backend, &path, error))
                return false;
        if (backend == EVENT_BACKEND_NONE)
                return error_set_invalid(error, "cannot read events with the \"none\" backend");
        return backend == EVENT_BACKEND_FILE ? read_file(&reader, path, error)
                                             : read_journal(&reader, error);
}
