/* SPDX-License-Identifier: Apache-2.0 */
/* proc_pid_stat(5) */
#include "base/process.h"

#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* Field 22; the command in field 2 may hold blanks and parentheses. */
uint64_t process_start_ticks(pid_t pid) {
        char path[32];
        snprintf(path, sizeof path, "/proc/%d/stat", (int) pid);
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, 8192, &text, NULL))
                return 0;
        const char *at = strrchr(text, ')');
        if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
                return 0;
        for (int field = 2; field < 22 && at; field++)
                at = strchr(at + 1, ' ');
        return at ? strtoull(at + 1, NULL, 10) : 0;
}
