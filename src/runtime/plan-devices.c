/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of the child's plan: nodes to make, or, in a user namespace, where mknod(2) is not
 * permitted, mounts of nodes that are there already. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "base/user.h"
#include "runtime/apart.h"
#include "runtime/idmap.h"
#include "runtime/plan-parts.h"

static const struct {
        const char *path;
        unsigned int minor_number, major_number;
} standard[] = {
        { "dev/null", 3, 1 },   { "dev/zero", 5, 1 },    { "dev/full", 7, 1 },
        { "dev/random", 8, 1 }, { "dev/urandom", 9, 1 }, { "dev/tty", 0, 5 },
};

static const ChildLink links[] = {
        { "dev/fd", "/proc/self/fd" },       { "dev/stdin", "/proc/self/fd/0" },
        { "dev/stdout", "/proc/self/fd/1" }, { "dev/stderr", "/proc/self/fd/2" },
        { "dev/core", "/proc/kcore" },       { "dev/ptmx", "pts/ptmx" },
};

static bool is_listed(const RuntimePlan *plan, const char *path) {
        for (guint i = 0; i < plan->devices->len; i++)
                if (g_str_equal(g_array_index(plan->devices, ChildDevice, i).path, path))
                        return true;
        return false;
}

static void list_devices(RuntimePlan *plan, const OciSpec *spec) {
        for (guint i = 0; i < spec->devices->len; i++) {
                const OciDevice *from = spec->devices->pdata[i];
                ChildDevice d = {
                        .path = plan_relative(plan, from->path),
                        .mode = from->mode | (from->type == 'b'   ? S_IFBLK
                                              : from->type == 'p' ? S_IFIFO
                                                                  : S_IFCHR),
                        .number = makedev(from->major, from->minor),
                        .uid = from->uid,
                        .gid = from->gid,
                        .fd = -1,
                };
                g_array_append_val(plan->devices, d);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(standard); i++) {
                if (is_listed(plan, standard[i].path))
                        continue; /* the configuration has its own idea of owner and mode */
                ChildDevice d = {
                        .path = standard[i].path,
                        .mode = S_IFCHR | 0666,
                        .number = makedev(standard[i].major_number, standard[i].minor_number),
                        .fd = -1,
                };
                g_array_append_val(plan->devices, d);
        }
}

typedef struct Nodes {
        RuntimePlan *plan;
        const OciSpec *spec;
        size_t *failed;
} Nodes;

/* Makes the nodes in a directory of a tmpfs of ours, owned by whom they belong to inside; appends
 * a mount of each to fds. */
static int make_nodes_in(int dir, const Nodes *nodes, GArray *fds) {
        for (guint i = 0; i < nodes->plan->devices->len; i++) {
                const ChildDevice *d = &g_array_index(nodes->plan->devices, ChildDevice, i);
                char name[16];
                uint32_t uid, gid;
                *nodes->failed = i;
                if (S_ISFIFO(d->mode))
                        continue; /* anybody may make one */
                snprintf(name, sizeof name, "%u", i);
                if (!id_map_to_host(nodes->spec->uid_mappings, d->uid, &uid) ||
                    !id_map_to_host(nodes->spec->gid_mappings, d->gid, &gid))
                        return -EOVERFLOW;
                if (mknodat(dir, name, d->mode, d->number) < 0 ||
                    fchmodat(dir, name, d->mode & 07777, 0) < 0 ||
                    fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
                int fd = sys_open_tree(dir, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
                if (fd < 0)
                        return fd;
                g_array_append_val(fds, fd);
        }
        return 0;
}

static bool make_nodes_apart(void *data, GArray *fds, GError **error) {
        int r = make_nodes_in(AT_FDCWD, data, fds);
        return r >= 0 || error_set_errno(error, r, "Cannot make a device node");
}

static int make_nodes_here(const Nodes *nodes, GArray *fds) {
        autofd int fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
        int r = fs < 0 ? fs : sys_fsconfig_string(fs, "mode", "0755");
        if (r >= 0)
                r = sys_fsconfig_create(fs);
        autofd int dir = r < 0 ? r : sys_fsmount(fs, FSMOUNT_CLOEXEC, 0);
        return dir < 0 ? dir : make_nodes_in(dir, nodes, fds);
}

/* Before 6.15 a part of a detached mount cannot be a mount of its own. */
static int make_nodes(RuntimePlan *plan, const OciSpec *spec, const char *place, size_t *failed) {
        g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));
        g_autoptr(GError) error = NULL;
        Nodes nodes = { plan, spec, failed };
        int r = make_nodes_here(&nodes, fds);
        if (r == -EINVAL)
                r = apart_run(place, make_nodes_apart, &nodes, fds, &error) ? 0 : -error->code;
        for (guint i = 0, used = 0; r >= 0 && i < plan->devices->len; i++) {
                ChildDevice *d = &g_array_index(plan->devices, ChildDevice, i);
                if (!S_ISFIFO(d->mode))
                        d->fd = g_array_index(fds, int, used++);
        }
        return r;
}

/* Root of a namespace may only show what the host's /dev has. */
static int borrow_nodes(RuntimePlan *plan, size_t *failed) {
        for (guint i = 0; i < plan->devices->len; i++) {
                ChildDevice *d = &g_array_index(plan->devices, ChildDevice, i);
                if (S_ISFIFO(d->mode))
                        continue;
                *failed = i;
                g_autofree char *path = g_strconcat("/", d->path, NULL);
                autofd int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
                struct stat st;
                if (fd < 0 || fstat(fd, &st) < 0)
                        return fd < 0 ? fd : -errno;
                if ((st.st_mode & S_IFMT) != (d->mode & S_IFMT) || st.st_rdev != d->number)
                        return -ENODEV;
                d->fd = fd_steal(&fd);
        }
        return 0;
}

bool plan_add_devices(RuntimePlan *plan, const OciSpec *spec, const char *place, GError **error) {
        size_t failed = 0;
        int r = 0;
        list_devices(plan, spec);
        g_array_append_vals(plan->links, links, G_N_ELEMENTS(links));
        bool is_real_root = user_in_initial_namespace();
        if (is_real_root && spec->uid_mappings->len > 0)
                r = make_nodes(plan, spec, place, &failed);
        else if (!is_real_root)
                r = borrow_nodes(plan, &failed);
        if (r >= 0)
                return true;
        return error_set_errno(
                        error, r, "Cannot give the container the device '/%s'",
                        g_array_index(plan->devices, ChildDevice, failed).path);
}
