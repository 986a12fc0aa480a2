/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "systemd/journal-read.h"

/* The same for a file of lines "TIME stdout F TEXT", log-line.h. One that is not there yet is
 * empty. */
bool log_file_read(
                const char *path,
                const JournalRequest *request,
                JournalLine line,
                void *data,
                GError **error);
