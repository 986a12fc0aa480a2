/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of last resort, where no seccomp.json is installed. It is a rule rather than a list:
 * all that libseccomp knows by name is allowed, minus the calls that act on the kernel as a whole,
 * and those come back with the capability that governs them. */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "runtime/syscall-filter.h"

#define BUILTIN_SYSCALL_MAX 1024 /* past the highest number of any architecture's table */
#define NEVER               -1

static const struct {
        const char *name;
        int capability; /* allowed when the bounding set has it; NEVER otherwise */
} guarded[] = {
        { "acct", CAP_SYS_PACCT },
        { "add_key", NEVER },
        { "bpf", CAP_BPF },
        { "clock_adjtime", CAP_SYS_TIME },
        { "clock_settime", CAP_SYS_TIME },
        { "delete_module", CAP_SYS_MODULE },
        { "fanotify_init", CAP_SYS_ADMIN },
        { "finit_module", CAP_SYS_MODULE },
        { "fsconfig", CAP_SYS_ADMIN },
        { "fsmount", CAP_SYS_ADMIN },
        { "fsopen", CAP_SYS_ADMIN },
        { "fspick", CAP_SYS_ADMIN },
        { "init_module", CAP_SYS_MODULE },
        { "io_uring_enter", NEVER },
        { "io_uring_register", NEVER },
        { "io_uring_setup", NEVER },
        { "ioperm", CAP_SYS_RAWIO },
        { "iopl", CAP_SYS_RAWIO },
        { "kcmp", CAP_SYS_PTRACE },
        { "kexec_file_load", CAP_SYS_BOOT },
        { "kexec_load", CAP_SYS_BOOT },
        { "keyctl", NEVER },
        { "lookup_dcookie", CAP_SYS_ADMIN },
        { "mount", CAP_SYS_ADMIN },
        { "mount_setattr", CAP_SYS_ADMIN },
        { "move_mount", CAP_SYS_ADMIN },
        { "move_pages", CAP_SYS_NICE },
        { "nfsservctl", NEVER },
        { "open_by_handle_at", CAP_DAC_READ_SEARCH },
        { "open_tree", CAP_SYS_ADMIN },
        { "perf_event_open", CAP_PERFMON },
        { "pivot_root", CAP_SYS_ADMIN },
        { "process_vm_readv", CAP_SYS_PTRACE },
        { "process_vm_writev", CAP_SYS_PTRACE },
        { "quotactl", CAP_SYS_ADMIN },
        { "quotactl_fd", CAP_SYS_ADMIN },
        { "reboot", CAP_SYS_BOOT },
        { "request_key", NEVER },
        { "setns", CAP_SYS_ADMIN },
        { "settimeofday", CAP_SYS_TIME },
        { "stime", CAP_SYS_TIME },
        { "swapoff", CAP_SYS_ADMIN },
        { "swapon", CAP_SYS_ADMIN },
        { "umount", CAP_SYS_ADMIN },
        { "umount2", CAP_SYS_ADMIN },
        { "unshare", CAP_SYS_ADMIN },
        { "uselib", NEVER },
        { "userfaultfd", CAP_SYS_PTRACE },
        { "vhangup", CAP_SYS_TTY_CONFIG },
        { "vmsplice", NEVER },
};

static bool is_allowed(const char *name, uint64_t capabilities) {
        for (size_t i = 0; i < G_N_ELEMENTS(guarded); i++)
                if (strcmp(guarded[i].name, name) == 0)
                        return guarded[i].capability != NEVER &&
                               capabilities & (UINT64_C(1) << guarded[i].capability);
        return true;
}

/* New namespaces by clone(2) need CAP_SYS_ADMIN like unshare(2); clone3(2) hides its flags behind a
 * pointer, so it keeps the filter's ENOSYS and libc falls back to clone. */
static int add_clone_rules(scmp_filter_ctx filter) {
        const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
        return seccomp_rule_add(
                        filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                        SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces, 0));
}

static int add_rules(scmp_filter_ctx filter, uint64_t capabilities) {
        bool admin = capabilities & (UINT64_C(1) << CAP_SYS_ADMIN);
        for (int number = 0; number < BUILTIN_SYSCALL_MAX; number++) {
                char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
                if (!name)
                        continue;
                bool is_clone = strcmp(name, "clone") == 0 || strcmp(name, "clone3") == 0;
                uint32_t action = is_allowed(name, capabilities) ? SCMP_ACT_ALLOW
                                                                 : SCMP_ACT_ERRNO(EPERM);
                free(name); /* libseccomp's, from malloc(3) */
                if (is_clone && !admin)
                        continue;
                int r = seccomp_rule_add(filter, action, number, 0);
                if (r < 0)
                        return r;
        }
        return admin ? 0 : add_clone_rules(filter);
}

bool syscall_filter_compile_builtin(
                uint64_t bounding_capabilities, GBytes **ret_program, GError **error) {
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
        autofd int fd = memfd_create("seccomp", MFD_CLOEXEC);
        if (!filter || fd < 0)
                return error_set_errno(error, ENOMEM, "Cannot start a seccomp filter");
        (void) seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
        int r = add_rules(filter, bounding_capabilities);
        if (r >= 0)
                r = seccomp_export_bpf(filter, fd);
        seccomp_release(filter);
        if (r < 0)
                return error_set_errno(error, r, "Cannot compile the built-in seccomp filter");
        if (lseek(fd, 0, SEEK_SET) < 0)
                return error_set_errno(error, errno, "Cannot rewind the seccomp filter");
        return file_read_fd(fd, "built-in seccomp filter", 4096 * 8, ret_program, error);
}
