/* SPDX-License-Identifier: Apache-2.0 */
/* What a cgroup has used. */
#include "cli/cgroup-values.h"

#include <glib.h>
#include <string.h>

#include "runtime/cgroup-manager.h"

uint64_t cgroup_keyed(const char *text, const char *key) {
        g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
        for (char **line = lines; *line; line++)
                if (g_str_has_prefix(*line, key) && (*line)[strlen(key)] == ' ')
                        return g_ascii_strtoull(*line + strlen(key) + 1, NULL, 10);
        return 0;
}

bool cgroup_number(const char *cgroup, const char *file, uint64_t *ret_value) {
        g_autofree char *text = cgroup_read(cgroup, file);
        if (!text || !*text)
                return false;
        *ret_value = g_str_has_prefix(text, "max") ? UINT64_MAX : g_ascii_strtoull(text, NULL, 10);
        return true;
}
