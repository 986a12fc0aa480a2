/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/syscall-filter.h"

/* In a child: installs the program and gives the errno of mount(2) and of a number nobody has. */
static void probe(GBytes *program, int *ret_mount, int *ret_unknown) {
        gsize size;
        const void *bytes = g_bytes_get_data(program, &size);
        struct sock_fprog filter = {
                .len = (unsigned short) (size / sizeof(struct sock_filter)),
                .filter = (struct sock_filter *) bytes,
        };
        int ends[2];
        g_assert_cmpint(pipe(ends), ==, 0);
        pid_t pid = fork();
        if (pid == 0) {
                int results[2] = { -1, -1 };
                if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0) {
                        results[0] = syscall(SYS_mount, NULL, "/nowhere", NULL, 0UL, NULL) < 0
                                                     ? errno
                                                     : 0;
                        results[1] = syscall(999) < 0 ? errno : 0;
                }
                _exit(write(ends[1], results, sizeof results) == sizeof results ? 0 : 1);
        }
        int results[2];
        g_assert_cmpint(read(ends[0], results, sizeof results), ==, sizeof results);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        close(ends[0]);
        close(ends[1]);
        *ret_mount = results[0];
        *ret_unknown = results[1];
}

static void builtin(void) {
        g_autoptr(GBytes) program = NULL;
        g_autoptr(GError) error = NULL;
        int mount_errno, unknown_errno;
        g_assert_true(syscall_filter_compile_builtin(0, &program, &error));
        probe(program, &mount_errno, &unknown_errno);
        g_assert_cmpint(mount_errno, ==, EPERM);
        g_assert_cmpint(unknown_errno, ==, ENOSYS);
}

static void builtin_by_capability(void) {
        g_autoptr(GBytes) program = NULL;
        int mount_errno, unknown_errno;
        g_assert_true(syscall_filter_compile_builtin(
                        UINT64_C(1) << 21 /* CAP_SYS_ADMIN */, &program, NULL));
        probe(program, &mount_errno, &unknown_errno);
        g_assert_cmpint(mount_errno, !=,
                        ENOSYS); /* the kernel's own answer: ENOENT for root, else EPERM */
        g_assert_cmpint(unknown_errno, ==, ENOSYS);
}

static void profile(void) {
        static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
                                   "{\"names\":[\"mount\",\"no_such_call\"],\"action\":\"SCMP_ACT_"
                                   "ERRNO\",\"errnoRet\":7},"
                                   "{\"names\":[\"getpid\"],\"action\":\"SCMP_ACT_KILL\","
                                   "\"includes\":{\"caps\":[\"CAP_BPF\"]}}]}";
        g_autoptr(GBytes) program = NULL;
        g_autoptr(GError) error = NULL;
        int mount_errno, unknown_errno;
        g_assert_true(syscall_filter_compile(
                        text, sizeof text - 1, 0, "test.json", &program, &error));
        g_assert_no_error(error);
        probe(program, &mount_errno, &unknown_errno);
        g_assert_cmpint(mount_errno, ==, 7);
        g_assert_cmpint(unknown_errno, ==, ENOSYS);
}

static void refuses(void) {
        static const char *const bad[] = {
                "",
                "[]",
                "{}",
                "{\"defaultAction\":\"SCMP_ACT_MAYBE\"}",
                "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":\"mount\","
                "\"action\":\"SCMP_ACT_ALLOW\"}]}",
                "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mount\"],"
                "\"action\":\"SCMP_ACT_ERRNO\","
                "\"args\":[{\"index\":9,\"op\":\"SCMP_CMP_EQ\"}]}]}",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(GBytes) program = NULL;
                g_autoptr(GError) error = NULL;
                g_assert_false(syscall_filter_compile(
                                bad[i], strlen(bad[i]), 0, "test.json", &program, &error));
                g_assert_nonnull(error);
                g_assert_nonnull(strstr(error->message, "test.json"));
        }
}

static void caches(void) {
        g_autofree char *dir = g_dir_make_tmp("berth-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(dir, "profile.json", NULL);
        const SyscallFilterRequest request = { .profile_path = path, .cache_dir = dir };
        g_autoptr(GBytes) first = NULL;
        g_autoptr(GBytes) second = NULL;
        g_autoptr(GBytes) changed = NULL;
        g_autoptr(GError) error = NULL;
        g_assert_true(g_file_set_contents(
                        path, "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", -1, NULL));
        g_assert_true(syscall_filter_load(&request, &first, &error));
        g_assert_true(syscall_filter_load(&request, &second, &error));
        g_assert_true(g_bytes_equal(first, second));
        g_assert_true(g_file_set_contents(
                        path,
                        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mount\"]"
                        ",\"action\":\"SCMP_ACT_ERRNO\"}]}",
                        -1, NULL));
        g_assert_true(syscall_filter_load(&request, &changed, &error));
        g_assert_false(g_bytes_equal(first, changed));
        g_assert_true(file_remove_tree(AT_FDCWD, dir, NULL));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/syscall-filter/built-in-refuses-mount-and-unknown-numbers", builtin);
        g_test_add_func("/syscall-filter/built-in-follows-capabilities", builtin_by_capability);
        g_test_add_func("/syscall-filter/profile-is-obeyed-and-unknown-names-skipped", profile);
        g_test_add_func("/syscall-filter/bad-profile-names-itself", refuses);
        g_test_add_func("/syscall-filter/cache-follows-the-profile", caches);
        return g_test_run();
}
