/* SPDX-License-Identifier: Apache-2.0 */
/* Logs by driver. */
#include "cli/container-log.h"

#include <string.h>

#include "base/error.h"
#include "runtime/log-file.h"
#include "systemd/log-file-read.h"

bool container_log_read(
                Runtime *runtime,
                const ContainerRecord *record,
                JournalRequest *request,
                JournalLine line,
                void *data,
                GError **error) {
        if (g_strcmp0(record->log_driver, "none") == 0)
                return error_set_invalid(
                                error,
                                "this container is using the 'none' log driver, cannot read logs: "
                                "this container is not logging output");
        if (log_file_is_used(record)) {
                g_autofree char *path = log_file_path(runtime, record);
                return log_file_read(path, request, line, data, error);
        }
        request->container_id = record->id;
        request->unit = g_str_has_prefix(record->log_driver, "passthrough") ? record->unit : NULL;
        return journal_read(request, line, data, error);
}
