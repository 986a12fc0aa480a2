/* SPDX-License-Identifier: Apache-2.0 */
/* The files of subuid(5), line by line. */
#include "runtime/subid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

#define SUBID_FILE_SIZE_MAX (8u << 20)

/* user NULL takes every line. A line that is not NAME:START:COUNT is skipped, as newuidmap(1) does.
 */
static bool
load(const char *path, const char *user, uid_t uid, GArray **ret_ranges, GError **error) {
        g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(SubidRange));
        g_autofree char *text = NULL;
        GError *inner = NULL;
        if (!file_read_text(AT_FDCWD, path, SUBID_FILE_SIZE_MAX, &text, &inner)) {
                if (!g_error_matches(inner, ERROR_ERRNO, ENOENT)) {
                        g_propagate_error(error, inner);
                        return false;
                }
                g_error_free(inner);
                text = g_strdup("");
        }
        char number[16];
        snprintf(number, sizeof number, "%u", (unsigned int) uid);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                g_auto(GStrv) fields = g_strsplit(g_strstrip(*line), ":", -1);
                uint64_t start, count;
                if (g_strv_length(fields) != 3 ||
                    !text_parse_uint64(fields[1], UINT32_MAX - 1, &start) ||
                    !text_parse_uint64(fields[2], UINT32_MAX, &count) || count == 0 ||
                    start + count > UINT32_MAX)
                        continue;
                if (user && strcmp(fields[0], user) != 0 && strcmp(fields[0], number) != 0)
                        continue;
                const SubidRange range = { (uint32_t) start, (uint32_t) count };
                g_array_append_val(ranges, range);
        }
        *ret_ranges = g_steal_pointer(&ranges);
        return true;
}

bool subid_load(const char *path,
                const char *user,
                uid_t uid,
                GArray **ret_ranges,
                GError **error) {
        return load(path, user, uid, ret_ranges, error);
}

bool subid_load_all(const char *path, GArray **ret_ranges, GError **error) {
        return load(path, NULL, 0, ret_ranges, error);
}
