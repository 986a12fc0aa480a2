/* SPDX-License-Identifier: Apache-2.0 */
/* Where processes live in the version 2 hierarchy. */
#include "systemd/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

const char *cgroup_mount_path(void) {
        static const char *const paths[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
        struct statfs fs;
        for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
                if (statfs(paths[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
                        return paths[i];
        return NULL;
}

char *cgroup_of(pid_t pid, GError **error) {
        char path[32] = "/proc/self/cgroup";
        if (pid > 0)
                snprintf(path, sizeof path, "/proc/%d/cgroup", (int) pid);
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, 65536, &text, error))
                return NULL;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                if (g_str_has_prefix(*line, "0::/"))
                        return g_strdup(*line + 3);
        error_set_invalid(error, "'%s' has no version 2 cgroup", path);
        return NULL;
}

bool cgroup_make(
                const char *parent,
                const char *name,
                char **ret_path,
                int *ret_fd,
                GError **error) {
        const char *mount = cgroup_mount_path();
        if (!mount)
                return error_set_invalid(
                                error,
                                "No cgroup version 2 hierarchy is mounted on /sys/fs/cgroup");
        g_autofree char *path = g_build_filename(parent, name, NULL);
        g_autofree char *full = g_strconcat(mount, path, NULL);
        if (mkdir(full, 0755) < 0 && errno != EEXIST)
                return error_set_errno(error, errno, "Cannot create the cgroup '%s'", path);
        autofd int fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open the cgroup '%s'", path);
        *ret_path = g_steal_pointer(&path);
        *ret_fd = fd_steal(&fd);
        return true;
}

char *cgroup_unit(const char *path) {
        g_auto(GStrv) parts = g_strsplit(path, "/", -1);
        const char *found = NULL;
        for (char **part = parts; *part; part++)
                if (g_str_has_suffix(*part, ".service") || g_str_has_suffix(*part, ".scope"))
                        found = *part; /* the innermost: user@1000.service/app.slice/web.service */
        return g_strdup(found);
}
