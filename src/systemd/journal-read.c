/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a container's lines back. */
#include "systemd/journal-read.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/error.h"
#include "base/user.h"

#define WAIT_USEC 250000
#define DRAIN_ROUNDS                                                                               \
        2 /* quiet rounds after the payload's end before we believe that all is out                \
           */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_journal, sd_journal_close)

static int add_matches(sd_journal *journal, const JournalRequest *request) {
        g_autofree char *by_id = g_strconcat("CONTAINER_ID_FULL=", request->container_id, NULL);
        int r = sd_journal_add_match(journal, by_id, 0);
        if (r < 0 || !request->unit)
                return r;
        g_autofree char *by_unit = g_strconcat(
                        user_is_root() ? "_SYSTEMD_UNIT=" : "_SYSTEMD_USER_UNIT=", request->unit,
                        NULL);
        r = sd_journal_add_disjunction(journal);
        if (r >= 0)
                r = sd_journal_add_match(journal, by_unit, 0);
        return r < 0 ? r : sd_journal_add_match(journal, "_TRANSPORT=stdout", 0);
}

static int seek_start(sd_journal *journal, const JournalRequest *request) {
        if (request->tail < 0)
                return sd_journal_seek_realtime_usec(journal, request->not_before_usec);
        int r = sd_journal_seek_tail(journal);
        if (r < 0)
                return r;
        r = sd_journal_previous_skip(journal, (uint64_t) request->tail + 1);
        if (r < 0 || (int64_t) r > request->tail)
                return r;
        return sd_journal_seek_head(journal); /* fewer than asked for */
}

static int field(sd_journal *journal, const char *name, const char **ret_value, size_t *ret_size) {
        const void *bytes;
        size_t size;
        int r = sd_journal_get_data(journal, name, &bytes, &size);
        if (r < 0)
                return r;
        size_t skip = strlen(name) + 1;
        *ret_value = (const char *) bytes + skip;
        *ret_size = size - skip;
        return 0;
}

/* False when the reader has enough. */
static bool emit(sd_journal *journal, const JournalRequest *request, JournalLine line, void *data) {
        const char *text, *value;
        size_t size, value_size;
        uint64_t realtime = 0;
        (void) sd_journal_get_realtime_usec(journal, &realtime); /* 0 shows as the epoch */
        if (realtime < request->not_before_usec || field(journal, "MESSAGE", &text, &size) < 0)
                return true;
        int priority = field(journal, "PRIORITY", &value, &value_size) >= 0 && value_size > 0
                                       ? value[0] - '0'
                                       : 6;
        bool partial = field(journal, "CONTAINER_PARTIAL_MESSAGE", &value, &value_size) >= 0;
        return line(realtime, priority, text, size, partial, data);
}

static bool is_gone(int pid_fd) {
        struct pollfd polled = { .fd = pid_fd, .events = POLLIN };
        return pid_fd >= 0 && poll(&polled, 1, 0) > 0;
}

bool journal_read(const JournalRequest *request, JournalLine line, void *data, GError **error) {
        g_autoptr(sd_journal) journal = NULL;
        int r = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY);
        if (r >= 0)
                r = add_matches(journal, request);
        if (r >= 0 && request->tail != 0)
                r = seek_start(journal, request);
        else if (r >= 0)
                r = sd_journal_seek_tail(journal);
        if (r < 0)
                return error_set_errno(error, r, "Cannot read the journal");
        for (int quiet = 0;;) {
                r = sd_journal_next(journal);
                if (r < 0)
                        return error_set_errno(error, r, "Cannot read the journal");
                if (r > 0) {
                        quiet = 0;
                        if (!emit(journal, request, line, data))
                                return true;
                        continue;
                }
                if (!request->follow)
                        return true;
                if (is_gone(request->until_gone_fd) && ++quiet > DRAIN_ROUNDS)
                        return true;
                r = sd_journal_wait(journal, request->until_gone_fd >= 0 ? WAIT_USEC : UINT64_MAX);
                if (r < 0 && r != -EINTR)
                        return error_set_errno(error, r, "Cannot wait for the journal");
        }
}
