/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox keys of systemd.exec(5) as filters of the payload, below the container's own: what
 * the unit's SystemCallFilter= lists, and one for the keys that forbid single uses of calls. */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "runtime/family.h"
#include "runtime/syscall-filter.h"

static void filter_release(scmp_filter_ctx *filter) {
        if (*filter)
                seccomp_release(*filter);
}
#define autofilter __attribute__((cleanup(filter_release)))

/* A number that is no errno is systemd's way to say "kill". */
static uint32_t action_of(int number) {
        return number > 0 && number < 4096 ? SCMP_ACT_ERRNO((uint32_t) number)
                                           : SCMP_ACT_KILL_PROCESS;
}

static bool export_filter(scmp_filter_ctx filter, GPtrArray *programs, GError **error) {
        GBytes *program = NULL;
        (void) seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0); /* set in the child */
        if (!syscall_filter_export(filter, &program, error))
                return false;
        g_ptr_array_add(programs, program);
        return true;
}

/* "read", "@group" is expanded by the manager, "mkdir:EPERM" or "mkdir:1" */
static bool
add_call(scmp_filter_ctx filter, const char *text, uint32_t action, bool allow, GError **error) {
        const char *colon = strchr(text, ':');
        g_autofree char *name = colon ? g_strndup(text, (gsize) (colon - text)) : g_strdup(text);
        int number = seccomp_syscall_resolve_name(name);
        if (colon) {
                if (strcmp(colon + 1, "kill") == 0)
                        action = SCMP_ACT_KILL_PROCESS;
                else
                        action = SCMP_ACT_ERRNO((uint32_t) errno_from_text(colon + 1));
        } else if (allow) {
                action = SCMP_ACT_ALLOW;
        }
        if (number == __NR_SCMP_ERROR)
                return true; /* of another architecture */
        int r = seccomp_rule_add(filter, action, number, 0);
        return r >= 0 || r == -EEXIST || r == -EACCES || r == -EDOM ||
               error_set_errno(error, r, "Cannot filter system call '%s' of the unit", name);
}

static bool add_calls(const UnitSettings *s, GPtrArray *programs, GError **error) {
        /* what systemd lets through as well, systemd.exec(5) "SystemCallFilter=" */
        static const char *const implied[] = {
                "execve",
                "execveat",
                "exit",
                "exit_group",
                "getrlimit",
                "rt_sigreturn",
                "sigreturn",
                "brk",
                "mmap",
                "munmap",
                "mprotect",
                "arch_prctl",
                "clock_getres",
                "clock_gettime",
                "clock_nanosleep",
                "gettimeofday",
                "nanosleep",
                "pause",
                "time",
                "restart_syscall",
                "rseq",
                "set_robust_list",
                "set_tid_address",
                "futex",
                "prlimit64",
                "getrandom",
                "set_thread_area",
        };
        if (!s->calls || (!s->calls[0] && !s->call_allow) || (!s->calls[0] && s->call_allow))
                return true;
        uint32_t action = action_of(s->call_errno);
        autofilter scmp_filter_ctx filter = seccomp_init(s->call_allow ? action : SCMP_ACT_ALLOW);
        if (!filter)
                return error_set_errno(error, EINVAL, "Cannot start a seccomp filter");
        for (char **call = s->calls; *call; call++)
                if (!add_call(filter, *call, action, s->call_allow, error))
                        return false;
        for (size_t i = 0; s->call_allow && i < G_N_ELEMENTS(implied); i++)
                if (!add_call(filter, implied[i], action, true, error))
                        return false;
        return export_filter(filter, programs, error);
}

typedef struct Rules {
        scmp_filter_ctx filter;
        bool any;
        int error;
} Rules;

static void
deny(Rules *rules,
     int number,
     const char *call,
     unsigned int n,
     const struct scmp_arg_cmp *compares) {
        int nr = seccomp_syscall_resolve_name(call);
        if (nr == __NR_SCMP_ERROR || rules->error < 0)
                return;
        int r = seccomp_rule_add_array(
                        rules->filter, SCMP_ACT_ERRNO((uint32_t) number), nr, n, compares);
        rules->any = true;
        if (r < 0 && r != -EEXIST && r != -EDOM && r != -EINVAL)
                rules->error = r;
}

static void deny_bits(Rules *rules, int number, const char *call, unsigned int arg, uint64_t bits) {
        const struct scmp_arg_cmp compare = {
                .arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = bits, .datum_b = bits
        };
        deny(rules, number, call, 1, &compare);
}

static void restrict_namespaces(Rules *rules, uint64_t allowed) {
        static const uint64_t all[] = { CLONE_NEWCGROUP, CLONE_NEWIPC,  CLONE_NEWNET, CLONE_NEWNS,
                                        CLONE_NEWPID,    CLONE_NEWUSER, CLONE_NEWUTS };
        bool any = false;
        for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
                if (allowed & all[i])
                        continue;
                any = true;
                deny_bits(rules, EPERM, "unshare", 0, all[i]);
                deny_bits(rules, EPERM, "clone", 0, all[i]);
                deny_bits(rules, EPERM, "setns", 1, all[i]);
        }
        if (!any)
                return;
        const struct scmp_arg_cmp any_type = { .arg = 1, .op = SCMP_CMP_EQ, .datum_a = 0 };
        deny(rules, EPERM, "setns", 1, &any_type);
        deny(rules, ENOSYS, "clone3", 0, NULL); /* its flags are behind a pointer */
}

static void restrict_families(Rules *rules, const UnitSettings *s) {
        for (int family = 0; family <= ADDRESS_FAMILY_MAX; family++) {
                bool listed = false;
                for (char **name = s->families; name && *name; name++)
                        listed = listed || address_family_from_text(*name) == family;
                if (listed == s->family_allow)
                        continue;
                const struct scmp_arg_cmp compare = { .arg = 0,
                                                      .op = SCMP_CMP_EQ,
                                                      .datum_a = (scmp_datum_t) family };
                deny(rules, EAFNOSUPPORT, "socket", 1, &compare);
        }
        if (s->family_allow) {
                const struct scmp_arg_cmp beyond = { .arg = 0,
                                                     .op = SCMP_CMP_GT,
                                                     .datum_a = ADDRESS_FAMILY_MAX };
                deny(rules, EAFNOSUPPORT, "socket", 1, &beyond);
        }
}

static void deny_write_execute(Rules *rules) {
        deny_bits(rules, EPERM, "mmap", 2, PROT_WRITE | PROT_EXEC);
        deny_bits(rules, EPERM, "mprotect", 2, PROT_EXEC);
        deny_bits(rules, EPERM, "pkey_mprotect", 2, PROT_EXEC);
        deny_bits(rules, EPERM, "shmat", 2, SHM_EXEC);
}

static void restrict_suid_sgid(Rules *rules) {
        static const struct {
                const char *call;
                unsigned int arg;
        } rows[] = {
                { "chmod", 1 }, { "fchmod", 1 },  { "fchmodat", 2 }, { "fchmodat2", 2 },
                { "mkdir", 1 }, { "mkdirat", 2 }, { "mknod", 1 },    { "mknodat", 2 },
                { "open", 2 },  { "openat", 3 },  { "creat", 1 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                deny_bits(rules, EPERM, rows[i].call, rows[i].arg, S_ISUID);
                deny_bits(rules, EPERM, rows[i].call, rows[i].arg, S_ISGID);
        }
        deny(rules, ENOSYS, "openat2", 0, NULL); /* its mode is behind a pointer */
}

static void restrict_realtime(Rules *rules) {
        static const uint64_t policies[] = { SCHED_FIFO, SCHED_RR, 6 /* SCHED_DEADLINE */ };
        for (size_t i = 0; i < G_N_ELEMENTS(policies); i++) {
                const struct scmp_arg_cmp compare = { .arg = 1,
                                                      .op = SCMP_CMP_EQ,
                                                      .datum_a = policies[i] };
                deny(rules, EPERM, "sched_setscheduler", 1, &compare);
        }
        const struct scmp_arg_cmp beyond = { .arg = 1, .op = SCMP_CMP_GT, .datum_a = 6 };
        deny(rules, EPERM, "sched_setscheduler", 1, &beyond);
        deny(rules, ENOSYS, "sched_setattr", 0, NULL);
}

static bool has_uses(const UnitSettings *s) {
        const uint64_t all = CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS |
                             CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWUTS;
        return (s->namespaces & all) != all || s->has_families || s->memory_deny_write_execute ||
               s->restrict_suid_sgid || s->restrict_realtime || s->lock_personality;
}

static bool add_uses(const UnitSettings *s, GPtrArray *programs, GError **error) {
        if (!has_uses(s))
                return true; /* libseccomp asks the kernel a dozen things before the first rule */
        autofilter scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        Rules rules = { .filter = filter };
        if (!filter)
                return error_set_errno(error, EINVAL, "Cannot start a seccomp filter");
        restrict_namespaces(&rules, s->namespaces);
        if (s->has_families)
                restrict_families(&rules, s);
        if (s->memory_deny_write_execute)
                deny_write_execute(&rules);
        if (s->restrict_suid_sgid)
                restrict_suid_sgid(&rules);
        if (s->restrict_realtime)
                restrict_realtime(&rules);
        if (s->lock_personality) {
                const struct scmp_arg_cmp other = { .arg = 0, .op = SCMP_CMP_NE, .datum_a = 0 };
                deny(&rules, EPERM, "personality", 1, &other);
        }
        if (rules.error < 0)
                return error_set_errno(error, rules.error, "Cannot filter as the unit says");
        return !rules.any || export_filter(filter, programs, error);
}

bool syscall_filter_compile_unit(
                const UnitSettings *settings, GPtrArray **ret_programs, GError **error) {
        g_autoptr(GPtrArray) programs =
                        g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        /* the list last: it may not let seccomp(2) through */
        if (!add_uses(settings, programs, error) || !add_calls(settings, programs, error))
                return false;
        *ret_programs = g_steal_pointer(&programs);
        return true;
}
