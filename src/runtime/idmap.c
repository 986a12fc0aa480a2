/* SPDX-License-Identifier: Apache-2.0 */
/* Maps to the kernel: as text for /proc, as a namespace for mounts. */
#include "runtime/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "oci/spec.h"
#include "runtime/child.h"

static const OciIdMapping *row(const GArray *map, guint i) {
        return &g_array_index(map, OciIdMapping, i);
}

bool id_map_to_host(const GArray *map, uint32_t id, uint32_t *ret_host) {
        for (guint i = 0; i < map->len; i++) {
                const OciIdMapping *m = row(map, i);
                if (id >= m->container && id - m->container < m->size) {
                        *ret_host = m->host + (id - m->container);
                        return true;
                }
        }
        return false;
}

uint64_t id_map_size(const GArray *map) {
        uint64_t size = 0;
        for (bool grown = true; grown;) {
                grown = false;
                for (guint i = 0; i < map->len; i++) {
                        const OciIdMapping *m = row(map, i);
                        uint64_t end = (uint64_t) m->container + m->size;
                        if (m->container <= size && end > size) {
                                size = end;
                                grown = true;
                        }
                }
        }
        return size;
}

char *id_map_format(const GArray *map) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint i = 0; i < map->len; i++)
                g_string_append_printf(
                                text, "%u %u %u\n", row(map, i)->container, row(map, i)->host,
                                row(map, i)->size);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

bool id_map_read(const char *path, GArray **ret_map, GError **error) {
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, 65536, &text, error))
                return false;
        g_autoptr(GArray) map = oci_id_map_new();
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                unsigned int inside, outside, count;
                if (sscanf(*line, "%u %u %u", &inside, &outside, &count) == 3)
                        oci_id_map_add(map, inside, outside, count);
        }
        *ret_map = g_steal_pointer(&map);
        return true;
}

static bool ranges_overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size) {
        return (uint64_t) a < (uint64_t) b + b_size && (uint64_t) b < (uint64_t) a + a_size;
}

bool id_map_check(const GArray *map, const char *what, GError **error) {
        if (map->len == 0)
                return error_set_invalid(error, "the %s map of the user namespace is empty", what);
        if (map->len > OCI_ID_MAPPINGS_MAX)
                return error_set_invalid(
                                error, "the %s map has %u rows, the kernel takes %d", what,
                                map->len, OCI_ID_MAPPINGS_MAX);
        for (guint i = 0; i < map->len; i++) {
                const OciIdMapping *a = row(map, i);
                if (a->size == 0 || (uint64_t) a->container + a->size > UINT32_MAX ||
                    (uint64_t) a->host + a->size > UINT32_MAX)
                        return error_set_invalid(
                                        error, "the %s map %u:%u:%u is empty or too large", what,
                                        a->container, a->host, a->size);
                for (guint j = 0; j < i; j++) {
                        const OciIdMapping *b = row(map, j);
                        if (ranges_overlap(a->container, a->size, b->container, b->size) ||
                            ranges_overlap(a->host, a->size, b->host, b->size))
                                return error_set_invalid(
                                                error, "the %s maps %u:%u:%u and %u:%u:%u overlap",
                                                what, b->container, b->host, b->size, a->container,
                                                a->host, a->size);
                }
        }
        return true;
}

static bool write_map(pid_t pid, const char *name, const GArray *map, GError **error) {
        char path[48];
        snprintf(path, sizeof path, "/proc/%d/%s", (int) pid, name);
        g_autofree char *text = id_map_format(map);
        autofd int fd = open(path, O_WRONLY | O_CLOEXEC);
        /* one write(2), the kernel takes a map whole or not at all */
        ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
        if (n < 0) {
                int saved = errno;
                g_strdelimit(g_strchomp(text), "\n", ',');
                return error_set_errno(
                                error, saved,
                                "Cannot map the ids of the user namespace (%s: %s); are all of "
                                "these ids ours to give, see subuid(5)?",
                                name, text);
        }
        return true;
}

bool id_map_write(pid_t pid, const GArray *uids, const GArray *gids, GError **error) {
        return write_map(pid, "gid_map", gids, error) && write_map(pid, "uid_map", uids, error);
}

/* It has nothing to do but to be in its namespace until we let go of the socket. */
_Noreturn static void wait_in_namespace(int socket_fd) {
        char word;
        while (recv(socket_fd, &word, 1, 0) < 0 && errno == EINTR)
                continue;
        _exit(0);
}

bool id_map_open_userns(const GArray *uids, const GArray *gids, int *ret_fd, GError **error) {
        int sockets[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
                return error_set_errno(error, errno, "Cannot create a socket pair");
        autofd int ours = sockets[0];
        autofd int theirs = sockets[1];
        struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
        pid_t pid = sys_clone3(&args);
        if (pid == 0) {
                (void) close(sockets[0]); /* or it would wait for itself */
                wait_in_namespace(sockets[1]);
        }
        if (pid < 0)
                return error_set_errno(error, pid, "Cannot create a user namespace");
        char path[48];
        snprintf(path, sizeof path, "/proc/%d/ns/user", (int) pid);
        bool ok = id_map_write(pid, uids, gids, error);
        int fd = ok ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        if (ok && fd < 0)
                ok = error_set_errno(error, errno, "Cannot open '%s'", path);
        fd_close(&ours); /* it ends */
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                continue;
        if (ok)
                *ret_fd = fd;
        return ok;
}

int id_map_mount(int mount_fd, int userns_fd, bool is_recursive) {
        const struct mount_attr attributes = {
                .attr_set = MOUNT_ATTR_IDMAP,
                .userns_fd = (uint64_t) userns_fd,
        };
        return sys_mount_setattr(
                        mount_fd, "", AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0),
                        &attributes);
}

bool file_ids_enter(uint32_t uid, uint32_t gid, FileIds *ret_before, GError **error) {
        int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
        /* without it, leaving fsuid 0 would drop the file capabilities, capabilities(7) */
        if (bits < 0 || prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0)
                return error_set_errno(
                                error, errno, "Cannot keep the capabilities over setfsuid(2)");
        ret_before->secure_bits = bits;
        ret_before->is_entered = true;
        (void) setfsgid(gid); /* they tell nothing but the former ids, setfsuid(2) */
        (void) setfsuid(uid);
        return true;
}

void file_ids_leave(FileIds *before) {
        if (!before->is_entered)
                return;
        (void) setfsuid(geteuid());
        (void) setfsgid(getegid());
        (void) prctl(PR_SET_SECUREBITS, before->secure_bits, 0, 0, 0); /* as they were */
        before->is_entered = false;
}
