/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of the child's plan: sources opened and cloned off, options set while nobody sees them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "base/user.h"
#include "runtime/idmap.h"
#include "runtime/mount-options.h"
#include "runtime/plan-parts.h"
#include "runtime/rootfs.h"

/* The mount's own maps, or the container's. 0 or -errno; -ECANCELED with an error set. */
static int
map_ids(RuntimePlan *plan, const OciMount *m, const MountOptions *o, int fd, GError **error) {
        autofd int own = -1;
        bool has_own = m->uid_mappings && m->uid_mappings->len > 0;
        if (has_own && !m->gid_mappings->len) {
                error_set_invalid(error, "mount '%s' has uidMappings only", m->destination);
                return -ECANCELED;
        }
        if (has_own && !id_map_open_userns(m->uid_mappings, m->gid_mappings, &own, error))
                return -ECANCELED;
        int userns_fd = has_own ? own : plan->userns_fd;
        if (userns_fd < 0 && plan->spec->uid_mappings->len > 0) {
                if (!id_map_open_userns(
                                    plan->spec->uid_mappings, plan->spec->gid_mappings, &own,
                                    error))
                        return -ECANCELED;
                userns_fd = own;
        }
        if (userns_fd < 0)
                return 0; /* nothing to map to: the container has the host's ids */
        return id_map_mount(fd, userns_fd, o->is_recursive_idmap);
}

static bool
open_bind(RuntimePlan *plan,
          const OciMount *m,
          const MountOptions *o,
          ChildMount *row,
          GError **error) {
        struct stat st;
        if (stat(m->source, &st) < 0)
                return error_set_errno(
                                error, errno, "Cannot mount '%s' on '%s'", m->source,
                                m->destination);
        row->target_is_file = !S_ISDIR(st.st_mode);
        unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                             (o->is_recursive_bind ? AT_RECURSIVE : 0);
        autofd int fd = sys_open_tree(AT_FDCWD, m->source, flags);
        if (fd < 0)
                return error_set_errno(
                                error, fd, "Cannot mount '%s' on '%s'", m->source, m->destination);
        /* a clone is a peer of its source: unless that is asked for, mounts made in the container
         * must not appear on the host */
        const struct mount_attr all = {
                .attr_set = o->recursive_set,
                .attr_clr = o->recursive_clear,
                .propagation = o->propagation == 0        ? MS_SLAVE
                               : o->propagation_recursive ? o->propagation
                                                          : 0,
        };
        const struct mount_attr top = {
                .attr_set = o->attributes_set,
                .attr_clr = o->attributes_clear,
                .propagation = o->propagation_recursive ? 0 : o->propagation,
        };
        int r = o->is_idmap ? map_ids(plan, m, o, fd, error) : 0;
        if (r == -ECANCELED)
                return false;
        if (r < 0)
                return error_set_errno(
                                error, r,
                                "Cannot map the ids of mount '%s'; id-mapped mounts need a kernel "
                                "and a file system that know them",
                                m->destination);
        if (all.attr_set || all.attr_clr || all.propagation)
                r = sys_mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &all);
        if (r >= 0 && (top.attr_set || top.attr_clr || top.propagation))
                r = sys_mount_setattr(fd, "", AT_EMPTY_PATH, &top);
        if (r < 0)
                return error_set_errno(
                                error, r, "Cannot set the options of mount '%s'", m->destination);
        row->fd = fd_steal(&fd);
        return true;
}

static const char *option_of(const MountOptions *o, const char *name) {
        size_t n = strlen(name);
        for (guint i = 0; i < o->data->len; i++) {
                const char *word = o->data->pdata[i];
                if (strncmp(word, name, n) == 0 && word[n] == '=')
                        return word + n + 1;
        }
        return NULL;
}

/* The layers lie on the host, and with mapped ids only the real root can show them: what
 * overlayfs.rst calls "lowerdir", "upperdir" and "workdir" is mounted here and moved there. */
static bool
open_overlay(RuntimePlan *plan,
             const OciMount *m,
             const MountOptions *o,
             const char *place,
             ChildMount *row,
             GError **error) {
        const char *lower = option_of(o, "lowerdir");
        g_auto(GStrv) layers = g_strsplit(lower ? lower : "", ":", -1);
        g_autofree char *base = g_strdup_printf("overlay mount '%s'", m->destination);
        OverlayRequest request = {
                .lower_paths = (const char *const *) layers,
                .upper_path = option_of(o, "upperdir"),
                .work_path = option_of(o, "workdir"),
                .attach_path = place,
                .userns_fd = plan->userns_fd,
                .is_user = !user_in_initial_namespace(),
        };
        const struct mount_attr set = { .attr_set = o->attributes_set | o->recursive_set };
        if (!lower || (request.upper_path == NULL) != (request.work_path == NULL))
                return error_set_invalid(
                                error, "%s needs lowerdir=, and upperdir= with workdir=", base);
        if (request.userns_fd >= 0 &&
            (!id_map_to_host(plan->spec->uid_mappings, 0, &request.root_uid) ||
             !id_map_to_host(plan->spec->gid_mappings, 0, &request.root_gid)))
                return error_set_invalid(error, "%s: the user namespace has no root", base);
        /* those in /run are gone after a boot */
        if (request.upper_path &&
            (!file_make_directories(AT_FDCWD, request.upper_path, 0755, error) ||
             !file_make_directories(AT_FDCWD, request.work_path, 0700, error)))
                return false;
        if (!rootfs_mount_overlay(&request, &row->fd, error)) {
                g_prefix_error(error, "%s: ", base);
                return false;
        }
        int r = set.attr_set ? sys_mount_setattr(row->fd, "", AT_EMPTY_PATH, &set) : 0;
        return r >= 0 || error_set_errno(error, r, "Cannot set the options of %s", base);
}

static const ChildFsOption *
file_system_options(RuntimePlan *plan, const OciMount *m, const MountOptions *o) {
        ChildFsOption *options = plan_keep(plan, g_new0(ChildFsOption, o->data->len + 4));
        size_t n = 0;
        for (guint i = 0; i < o->data->len; i++) {
                char *word = plan_keep(plan, g_strdup(o->data->pdata[i]));
                char *equal = strchr(word, '=');
                *equal = '\0';
                options[n++] = (ChildFsOption){ word, equal + 1 };
        }
        /* linux.mountLabel; pseudo file systems of the kernel have labels of their own */
        static const char *const labelled[] = { "tmpfs", "devpts", "mqueue", "overlay", NULL };
        if (plan->spec->mount_label && *plan->spec->mount_label &&
            g_strv_contains(labelled, m->type))
                options[n++] = (ChildFsOption){ "context", plan->spec->mount_label };
        if (m->source && *m->source)
                options[n++] = (ChildFsOption){ "source", m->source };
        return options;
}

bool plan_add_mount(RuntimePlan *plan, const OciMount *m, const char *place, GError **error) {
        g_auto(MountOptions) o = { 0 };
        g_autofree char *what = g_strdup_printf("mount '%s'", m->destination);
        g_autoptr(GPtrArray) words = g_ptr_array_new();
        bool devpts = strcmp(m->type, "devpts") == 0;
        for (char **word = m->options; *word; word++)
                if (!(devpts &&
                      strcmp(*word, "newinstance") == 0)) /* every devpts is one since Linux 4.7 */
                        g_ptr_array_add(words, *word);
        g_ptr_array_add(words, NULL);
        if (!mount_options_parse((const char *const *) words->pdata, what, &o, error))
                return false;
        /* config.md's "cgroup" is whichever version the host has: 2 */
        const char *type = strcmp(m->type, "cgroup") == 0 ? "cgroup2" : m->type;
        ChildMount row = { .fd = -1,
                           .fs_type = type,
                           .target = plan_relative(plan, m->destination) };
        if (*row.target == '\0')
                return error_set_invalid(error, "%s: the root cannot be mounted over", what);
        if (o.is_bind || strcmp(m->type, "bind") == 0) {
                if (!open_bind(plan, m, &o, &row, error))
                        return false;
        } else if (strcmp(m->type, "overlay") == 0) {
                if (!open_overlay(plan, m, &o, place, &row, error))
                        return false;
        } else {
                row.options = file_system_options(plan, m, &o);
                row.attributes = (unsigned int) (o.attributes_set | o.recursive_set);
                row.copy_up = o.copy_up;
        }
        g_array_append_val(plan->mounts, row);
        return true;
}
