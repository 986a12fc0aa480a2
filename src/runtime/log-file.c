/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container's lines go, and the file of those that have one. */
#include "runtime/log-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

bool log_file_is_used(const ContainerRecord *record) {
        return g_strcmp0(record->log_driver, "k8s-file") == 0 ||
               g_strcmp0(record->log_driver, "json-file") == 0;
}

char *log_file_path(const Runtime *runtime, const ContainerRecord *record) {
        if (record->log_path)
                return g_strdup(record->log_path);
        g_autofree char *data_path = record_data_path(runtime->records, record);
        return g_build_filename(data_path, "ctr.log", NULL);
}

bool log_file_open(
                const Runtime *runtime,
                const ContainerRecord *record,
                int *ret_fd,
                GError **error) {
        if (!log_file_is_used(record))
                return true;
        g_autofree char *path = log_file_path(runtime, record);
        int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open the log file '%s'", path);
        *ret_fd = fd;
        return true;
}

static bool take_option(const char *text, ContainerRecord *record, GError **error) {
        const char *value = strchr(text, '=');
        size_t n = value ? (size_t) (value - text) : 0;
        uint64_t size;
        if (n == 3 && strncmp(text, "tag", n) == 0) {
                g_free(record->log_tag);
                record->log_tag = g_strdup(value + 1);
                return true;
        }
        if (n == 4 && strncmp(text, "path", n) == 0) {
                g_free(record->log_path);
                record->log_path = g_canonicalize_filename(value + 1, NULL);
                return true;
        }
        if (n == 8 && strncmp(text, "max-size", n) == 0) {
                if (!text_parse_size(value + 1, &size) || size > INT64_MAX)
                        return error_set_invalid(error, "invalid --log-opt '%s'", text);
                record->log_size_max = (int64_t) size;
                return true;
        }
        return error_set_invalid(
                        error,
                        "--log-opt '%s' is not supported, use path=, max-size= or tag=", text);
}

bool log_file_configure(const ContainerOptions *o, ContainerRecord *record, GError **error) {
        static const char *const drivers[] = { "journald",    "k8s-file", "json-file",
                                               "passthrough", "none",     "passthrough-tty",
                                               NULL };
        record->log_driver = g_strdup(o->log_driver && *o->log_driver ? o->log_driver : "journald");
        if (!g_strv_contains(drivers, record->log_driver))
                return error_set_invalid(
                                error,
                                "running container create option: invalid log driver: invalid "
                                "argument: '%s', use journald, k8s-file, passthrough or none",
                                record->log_driver);
        for (guint i = 0; o->log_opt && i < o->log_opt->len; i++)
                if (!take_option(o->log_opt->pdata[i], record, error))
                        return false;
        if (record->log_tag && log_file_is_used(record))
                return error_set_invalid(error, "k8s-file doesn't support --log-opt tag=");
        return true;
}
