/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out the child's plan in one arena of parent-owned memory. */
#include "runtime/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "base/user.h"
#include "runtime/idmap.h"
#include "runtime/mount-options.h"
#include "runtime/plan-parts.h"
#include "runtime/record.h"
#include "runtime/rlimit.h"
#include "runtime/sysctl.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

void *plan_keep(RuntimePlan *plan, void *memory) {
        g_ptr_array_add(plan->memory, memory);
        return memory;
}

const char *plan_relative(RuntimePlan *plan, const char *path) {
        while (*path == '/')
                path++;
        char *copy = plan_keep(plan, g_strdup(path));
        size_t n = strlen(copy);
        while (n > 0 && copy[n - 1] == '/')
                copy[--n] = '\0';
        return copy;
}

static bool add_sysctls(RuntimePlan *plan, const OciSpec *spec, GError **error) {
        g_autoptr(GList) names =
                        g_list_sort(g_hash_table_get_keys(spec->sysctl), (GCompareFunc) strcmp);
        for (GList *at = names; at; at = at->next) {
                if (!sysctl_check(at->data, g_hash_table_lookup(spec->sysctl, at->data), spec,
                                  error))
                        return false;
                char *path = plan_keep(plan, g_strdup(at->data));
                if (!strchr(path,
                            '/')) /* sysctl(8): dots are the separators unless slashes are used */
                        g_strdelimit(path, ".", '/');
                ChildSysctl s = { path, g_hash_table_lookup(spec->sysctl, at->data) };
                g_array_append_val(plan->sysctls, s);
        }
        return true;
}

static bool add_rlimits(RuntimePlan *plan, const OciSpec *spec, GError **error) {
        for (guint i = 0; i < spec->rlimits->len; i++) {
                const OciRlimit *r = spec->rlimits->pdata[i];
                ChildRlimit row = { .resource = rlimit_from_text(r->type),
                                    .limit = { r->soft, r->hard } };
                if (row.resource < 0)
                        return error_set_invalid(error, "unknown resource limit \"%s\"", r->type);
                g_array_append_val(plan->rlimits, row);
        }
        return true;
}

static const char *const *relative_list(RuntimePlan *plan, char **paths) {
        const char **list = plan_keep(plan, g_new0(const char *, g_strv_length(paths) + 1));
        for (size_t i = 0; paths[i]; i++)
                list[i] = plan_relative(plan, paths[i]);
        return list;
}

static const char *environment_value(const OciSpec *spec, const char *name) {
        for (char **row = spec->env; row && *row; row++)
                if (g_str_has_prefix(*row, name) && (*row)[strlen(name)] == '=')
                        return *row + strlen(name) + 1;
        return NULL;
}

static int last_capability(void) {
        static const char path[] = "/proc/sys/kernel/cap_last_cap";
        g_autofree char *text = NULL;
        if (g_file_get_contents(path, &text, NULL, NULL))
                return (int) g_ascii_strtoll(text, NULL, 10);
        return oci_capability_count() - 1;
}

/* user_namespaces(7): "deny" is for namespaces whose gid map nobody privileged wrote. */
static bool may_set_groups(void) {
        g_autofree char *text = NULL;
        if (user_in_initial_namespace() ||
            !g_file_get_contents("/proc/self/setgroups", &text, NULL, NULL))
                return true;
        return !g_str_has_prefix(text, "deny");
}

static void fill_identity(RuntimePlan *plan, const PlanRequest *request) {
        const OciSpec *spec = request->spec;
        ChildIdentity *id = &plan->child.identity;
        /* what the kernel does not know, or we do not have, cannot be given */
        int last = last_capability();
        uint64_t known = last >= 63 ? UINT64_MAX : (UINT64_C(1) << (last + 1)) - 1;
        const uint64_t *sets = spec->capabilities;
        *id = (ChildIdentity){
                .uid = spec->uid,
                .gid = spec->gid,
                .groups = (const gid_t *) (void *) spec->additional_gids->data,
                .n_groups = spec->additional_gids->len,
                .umask = spec->umask,
                .bounding = sets[OCI_CAPABILITY_BOUNDING] & known,
                .effective = sets[OCI_CAPABILITY_EFFECTIVE] & known,
                .permitted = sets[OCI_CAPABILITY_PERMITTED] & known,
                .inheritable = sets[OCI_CAPABILITY_INHERITABLE] & known,
                .ambient = sets[OCI_CAPABILITY_AMBIENT] & known,
                .last_capability = last,
                .has_setgroups = may_set_groups(),
                .no_new_privileges = spec->no_new_privileges,
        };
        if (plan->filter) {
                gsize size;
                const void *bytes = g_bytes_get_data(plan->filter, &size);
                plan->program = (struct sock_fprog){
                        .len = (unsigned short) (size / sizeof(struct sock_filter)),
                        .filter = (struct sock_filter *) bytes,
                };
                id->seccomp = &plan->program;
                id->seccomp_flags = request->filter_flags;
        }
        guint n = plan->hardening ? plan->hardening->len : 0;
        struct sock_fprog *programs = plan_keep(plan, g_new0(struct sock_fprog, n + 1));
        for (guint i = 0; i < n; i++) {
                gsize size;
                const void *bytes = g_bytes_get_data(plan->hardening->pdata[i], &size);
                programs[i] = (struct sock_fprog){
                        .len = (unsigned short) (size / sizeof(struct sock_filter)),
                        .filter = (struct sock_filter *) bytes,
                };
        }
        id->hardening = programs;
        id->n_hardening = n;
}

static void fill_child(RuntimePlan *plan, const PlanRequest *request) {
        const OciSpec *spec = request->spec;
        ChildPlan *c = &plan->child;
        const char *path = environment_value(spec, "PATH");
        char **directories = g_strsplit(path ? path : DEFAULT_PATH, ":", -1);
        for (size_t i = 0; directories[i]; i++)
                plan_keep(plan, directories[i]);
        c->search_path = plan_keep(plan, directories);
        c->root_fd = request->root_fd;
        c->root_path = plan_keep(plan, g_strdup(request->attach_path));
        c->root_readonly = spec->root_readonly;
        c->start_fd = request->start_fd > 0 ? request->start_fd : -1;
        c->has_create_hooks = request->has_create_hooks;
        c->keyring = request->keyring;
        c->mounts = (const ChildMount *) (void *) plan->mounts->data;
        c->n_mounts = plan->mounts->len;
        c->devices = (const ChildDevice *) (void *) plan->devices->data;
        c->n_devices = plan->devices->len;
        c->links = (const ChildLink *) (void *) plan->links->data;
        c->n_links = plan->links->len;
        c->sysctls = (const ChildSysctl *) (void *) plan->sysctls->data;
        c->n_sysctls = plan->sysctls->len;
        c->rlimits = (const ChildRlimit *) (void *) plan->rlimits->data;
        c->n_rlimits = plan->rlimits->len;
        c->masked = relative_list(plan, spec->masked_paths);
        c->readonly = relative_list(plan, spec->readonly_paths);
        c->console = request->console;
        c->n_preserved_fds = request->n_listen_fds;
        if (spec->has_oom_score_adj)
                c->oom_score_adj = plan_keep(plan, g_strdup_printf("%d", spec->oom_score_adj));
        c->cwd = spec->cwd;
        c->argv = spec->args;
        c->envp = spec->env;
}

/* What a container needs once, and a process that joins it does not. */
static bool add_setup(RuntimePlan *plan, const OciSpec *spec, const char *place, GError **error) {
        for (guint i = 0; i < spec->mounts->len; i++)
                if (!plan_add_mount(plan, spec->mounts->pdata[i], place, error))
                        return false;
        return add_sysctls(plan, spec, error) && plan_add_devices(plan, spec, place, error) &&
               plan_add_namespaces(plan, spec, error);
}

/* Of the process: linux.personality, memoryPolicy, LSM labels. */
static bool fill_attributes(RuntimePlan *plan, const OciSpec *spec, GError **error) {
        ChildPlan *c = &plan->child;
        bool recursive = false;
        c->root_propagation = MS_PRIVATE;
        if (spec->rootfs_propagation &&
            !mount_propagation_from_text(
                            spec->rootfs_propagation, &c->root_propagation, &recursive))
                return error_set_invalid(
                                error, "linux.rootfsPropagation \"%s\" is not supported",
                                spec->rootfs_propagation);
        c->root_propagation |= recursive ? MS_REC : 0;
        return plan_add_personality(plan, spec, error) &&
               plan_add_memory_policy(plan, spec, error) && plan_add_label(plan, spec, error);
}

RuntimePlan *runtime_plan_new(const PlanRequest *request, GError **error) {
        const OciSpec *spec = request->spec;
        g_autoptr(RuntimePlan) plan = g_new0(RuntimePlan, 1);
        plan->memory = g_ptr_array_new_with_free_func(g_free);
        plan->mounts = g_array_new(FALSE, TRUE, sizeof(ChildMount));
        plan->devices = g_array_new(FALSE, TRUE, sizeof(ChildDevice));
        plan->links = g_array_new(FALSE, TRUE, sizeof(ChildLink));
        plan->sysctls = g_array_new(FALSE, TRUE, sizeof(ChildSysctl));
        plan->joins = g_array_new(FALSE, TRUE, sizeof(ChildNamespace));
        plan->rlimits = g_array_new(FALSE, TRUE, sizeof(ChildRlimit));
        plan->filter = request->filter ? g_bytes_ref(request->filter) : NULL;
        plan->hardening = request->hardening ? g_ptr_array_ref(request->hardening) : NULL;
        plan->child.socket_fd = -1;
        plan->spec = spec;
        plan->userns_fd = request->userns_fd;
        if (!add_rlimits(plan, spec, error) ||
            (!request->is_join && !add_setup(plan, spec, request->attach_path, error)))
                return NULL;
        fill_child(plan, request);
        if (!fill_attributes(plan, spec, error))
                return NULL;
        fill_identity(plan, request);
        return g_steal_pointer(&plan);
}

void runtime_plan_free(RuntimePlan *plan) {
        if (!plan)
                return;
        for (guint i = 0; i < plan->mounts->len; i++)
                fd_close(&g_array_index(plan->mounts, ChildMount, i).fd);
        for (guint i = 0; i < plan->devices->len; i++)
                fd_close(&g_array_index(plan->devices, ChildDevice, i).fd);
        for (guint i = 0; i < plan->joins->len; i++)
                fd_close(&g_array_index(plan->joins, ChildNamespace, i).fd);
        g_array_unref(plan->joins);
        g_array_unref(plan->mounts);
        g_array_unref(plan->devices);
        g_array_unref(plan->links);
        g_array_unref(plan->sysctls);
        g_array_unref(plan->rlimits);
        g_ptr_array_unref(plan->memory);
        g_clear_pointer(&plan->filter, g_bytes_unref);
        g_clear_pointer(&plan->hardening, g_ptr_array_unref);
        g_free(plan);
}

ChildPlan *runtime_plan_child(RuntimePlan *plan) {
        return &plan->child;
}

const OciSpec *runtime_plan_spec(const RuntimePlan *plan) {
        return plan->spec;
}

/* The row that the report's index means, in its list. */
static const char *row_name(const RuntimePlan *plan, const ChildReport *report) {
        const ChildPlan *c = &plan->child;
        size_t i = report->index;
        switch (report->stage) {
        case CHILD_STAGE_MOUNT:
                return i < c->n_mounts ? c->mounts[i].target : "";
        case CHILD_STAGE_DEVICE:
                return i < c->n_devices ? c->devices[i].path : "";
        case CHILD_STAGE_LINK:
                return i < c->n_links ? c->links[i].path : "";
        case CHILD_STAGE_SYSCTL:
                return i < c->n_sysctls ? c->sysctls[i].path : "";
        case CHILD_STAGE_MASK:
                return c->masked[i];
        case CHILD_STAGE_READONLY:
                return c->readonly[i];
        case CHILD_STAGE_NAMESPACE:
                return plan_join_name(plan, i);
        case CHILD_STAGE_CWD:
                return c->cwd;
        case CHILD_STAGE_LABEL:
                return c->label ? c->label : "";
        case CHILD_STAGE_KEYRING:
                return c->keyring ? c->keyring : "";
        case CHILD_STAGE_HOSTNAME:
                return c->hostname ? c->hostname : "";
        default:
                return "";
        }
}

static bool set_exec_error(const ChildPlan *c, int code, GError **error) {
        const char *name = c->argv[0];
        if (code == ENOENT || code == ENOTDIR)
                return error_set(
                                error, RUNTIME_ERROR, RUNTIME_ERROR_NOT_FOUND,
                                strchr(name, '/')
                                                ? "executable file '%s' not found: No such file or "
                                                  "directory: "
                                                  "attempted to invoke a command that was not found"
                                                : "executable file '%s' not found in $PATH: No "
                                                  "such file or "
                                                  "directory: attempted to invoke a command that "
                                                  "was not found",
                                name);
        return error_set(
                        error, RUNTIME_ERROR, RUNTIME_ERROR_NOT_EXEC,
                        code == ENOEXEC ? "'%s' cannot be executed: %s: is the image for another "
                                          "architecture, or "
                                          "the first line not '#!'?"
                                        : "'%s' cannot be executed: %s: permission denied",
                        name, g_strerror(code));
}

bool runtime_plan_set_error(const RuntimePlan *plan, const ChildReport *report, GError **error) {
        static const char *const words[CHILD_STAGE_MAX] = {
                [CHILD_STAGE_START] = "Cannot start the container's first process%s%s%s",
                [CHILD_STAGE_USER_NAMESPACE] = "Cannot become root of the user namespace%s%s%s",
                [CHILD_STAGE_PROPAGATION] = "Cannot detach from the host's mounts%s%s%s",
                [CHILD_STAGE_ROOT] = "Cannot attach the root file system%s%s%s",
                [CHILD_STAGE_MOUNT] = "Cannot mount%s'/%s'%s",
                [CHILD_STAGE_DEVICE] = "Cannot create the device%s'/%s'%s",
                [CHILD_STAGE_LINK] = "Cannot create the link%s'/%s'%s",
                [CHILD_STAGE_CONSOLE] = "Cannot set up the terminal%s%s%s",
                [CHILD_STAGE_SYSCTL] = "Cannot set the sysctl%s'%s'%s",
                [CHILD_STAGE_MASK] = "Cannot mask%s'/%s'%s",
                [CHILD_STAGE_READONLY] = "Cannot make read-only%s'/%s'%s",
                [CHILD_STAGE_PIVOT] = "Cannot enter the root file system%s%s%s",
                [CHILD_STAGE_HOSTNAME] = "Cannot set the host name%s'%s'%s",
                [CHILD_STAGE_NETWORK] = "Cannot bring up the loopback interface%s%s%s",
                [CHILD_STAGE_RLIMIT] = "Cannot set resource limit%s%s%s",
                [CHILD_STAGE_OOM_SCORE] = "Cannot set the OOM score adjustment%s%s%s",
                [CHILD_STAGE_CWD] = "Cannot enter the working directory%s'%s'%s",
                [CHILD_STAGE_SECCOMP] = "Cannot install the system call filter%s%s%s",
                [CHILD_STAGE_PERSONALITY] = "Cannot set the personality%s%s%s",
                [CHILD_STAGE_MEMORY_POLICY] = "Cannot set the memory policy%s%s%s",
                [CHILD_STAGE_LABEL] = "Cannot set the security label%s'%s'%s",
                [CHILD_STAGE_KEYRING] = "Cannot create the session keyring%s'%s'%s",
                [CHILD_STAGE_NAMESPACE] = "Cannot join the namespace%s'%s'%s",
                [CHILD_STAGE_TIME] = "Cannot make the time namespace%s%s%s",
                [CHILD_STAGE_JOIN] = "Cannot enter the container%s%s%s",
                [CHILD_STAGE_IDENTITY] = "Cannot change to the container's user%s%s%s",
        };
        const ChildPlan *c = &plan->child;
        if (report->stage == CHILD_STAGE_EXEC)
                return set_exec_error(c, report->error, error);
        if (report->stage == CHILD_STAGE_RLIMIT && report->index < c->n_rlimits)
                return error_set_errno(
                                error, report->error,
                                "Cannot set resource limit %d to %ju:%ju; raising a hard limit "
                                "needs "
                                "CAP_SYS_RESOURCE on the host",
                                c->rlimits[report->index].resource,
                                (uintmax_t) c->rlimits[report->index].limit.rlim_cur,
                                (uintmax_t) c->rlimits[report->index].limit.rlim_max);
        unsigned int stage = (unsigned int) report->stage < CHILD_STAGE_MAX ? report->stage
                                                                            : CHILD_STAGE_START;
        const char *name = row_name(plan, report);
        g_autofree char *text = g_strdup_printf(words[stage], *name ? " " : "", name, "");
        return error_set_errno(error, report->error, "%s", text);
}
