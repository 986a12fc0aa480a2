/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces of the child's plan: flags for clone3(2), descriptors to join, the user namespace's
 * root, time offsets. */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/user.h"
#include "runtime/idmap.h"
#include "runtime/plan-parts.h"

static bool open_join(RuntimePlan *plan, int type, const char *path, GError **error) {
        autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return error_set_errno(
                                error, errno, "Cannot open the %s namespace '%s'",
                                oci_namespace_to_text(type), path);
        /* config-linux.md: a path of another type is an error */
        int found = ioctl(fd, NS_GET_NSTYPE);
        if (found != oci_namespace_clone_flag(type))
                return error_set_invalid(
                                error, "'%s' is no %s namespace", path,
                                oci_namespace_to_text(type));
        const ChildNamespace row = { fd_steal(&fd), found };
        g_array_append_val(plan->joins, row);
        return true;
}

const char *plan_join_name(const RuntimePlan *plan, size_t i) {
        if (i >= plan->joins->len)
                return "";
        int flag = g_array_index(plan->joins, ChildNamespace, i).flag;
        for (int type = 0; type < OCI_NAMESPACE_MAX; type++)
                if (oci_namespace_clone_flag(type) == flag)
                        return plan->spec->namespaces[type].path;
        return "";
}

static bool add_time(RuntimePlan *plan, const OciSpec *spec, GError **error) {
        const OciNamespace *ns = &spec->namespaces[OCI_NAMESPACE_TIME];
        const OciTimeOffset *monotonic = &spec->time_monotonic, *boottime = &spec->time_boottime;
        if ((monotonic->present || boottime->present) && (!ns->present || ns->path))
                return error_set_invalid(
                                error, "time offsets need a time namespace of the container's own");
        if (!ns->present || ns->path)
                return true;
        g_autoptr(GString) text = g_string_new(NULL); /* time_namespaces(7) */
        if (monotonic->present)
                g_string_append_printf(
                                text, "monotonic %" G_GINT64_FORMAT " %u\n", monotonic->seconds,
                                monotonic->nanoseconds);
        if (boottime->present)
                g_string_append_printf(
                                text, "boottime %" G_GINT64_FORMAT " %u\n", boottime->seconds,
                                boottime->nanoseconds);
        plan->child.time_offsets = plan_keep(plan, g_string_free(g_steal_pointer(&text), FALSE));
        return true;
}

/* Whom the child becomes: root, or whoever comes first where there is none. */
static uint32_t namespace_root(const GArray *map) {
        uint32_t unused;
        if (map->len == 0 || id_map_to_host(map, 0, &unused))
                return 0;
        return g_array_index(map, OciIdMapping, 0).container;
}

static bool check_user_namespace(const OciSpec *spec, GError **error) {
        const OciNamespace *user = &spec->namespaces[OCI_NAMESPACE_USER];
        bool has_maps = spec->uid_mappings->len > 0 || spec->gid_mappings->len > 0;
        if (has_maps && !user->present)
                return error_set_invalid(
                                error, "linux.uidMappings and gidMappings need a user namespace");
        if (!user->present || user->path)
                return true;
        return id_map_check(spec->uid_mappings, "uid", error) &&
               id_map_check(spec->gid_mappings, "gid", error);
}

bool plan_add_namespaces(RuntimePlan *plan, const OciSpec *spec, GError **error) {
        ChildPlan *c = &plan->child;
        const OciNamespace *all = spec->namespaces;
        if (!check_user_namespace(spec, error) || !add_time(plan, spec, error))
                return false;
        for (int i = 0; i < OCI_NAMESPACE_MAX; i++) {
                if (!all[i].present)
                        continue;
                if (all[i].path && !open_join(plan, i, all[i].path, error))
                        return false;
                if (!all[i].path && i != OCI_NAMESPACE_CGROUP && i != OCI_NAMESPACE_TIME)
                        c->clone_flags |= (uint64_t) oci_namespace_clone_flag(i);
        }
        c->joins = (const ChildNamespace *) (void *) plan->joins->data;
        c->n_joins = plan->joins->len;
        c->own_user_namespace = all[OCI_NAMESPACE_USER].present;
        c->waits_for_maps = c->clone_flags & CLONE_NEWUSER;
        c->namespace_uid = namespace_root(spec->uid_mappings);
        c->namespace_gid = namespace_root(spec->gid_mappings);
        c->is_dumpable = !user_in_initial_namespace() && (c->clone_flags & CLONE_NEWPID);
        c->own_mount_namespace = c->clone_flags & CLONE_NEWNS;
        c->own_cgroup_namespace =
                        all[OCI_NAMESPACE_CGROUP].present && !all[OCI_NAMESPACE_CGROUP].path;
        c->loopback_up = c->clone_flags & CLONE_NEWNET;
        if (c->clone_flags & CLONE_NEWUTS)
                c->hostname = spec->hostname;
        if (c->clone_flags & CLONE_NEWUTS)
                c->domainname = spec->domainname;
        return true;
}
