/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

static void replaces(void) {
        g_autofree char *dir = g_dir_make_tmp("berth-XXXXXX", NULL);
        autofd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_autoptr(GError) error = NULL;
        g_assert_true(file_replace(fd, "f", "one", 3, 0600, FILE_DURABLE, &error));
        g_assert_true(file_replace(fd, "f", "second", 6, 0644, FILE_VOLATILE, &error));
        g_autofree char *text = NULL;
        g_assert_true(file_read_text(fd, "f", 100, &text, &error));
        g_assert_cmpstr(text, ==, "second");
        struct stat st;
        g_assert_cmpint(fstatat(fd, "f", &st, 0), ==, 0);
        g_assert_cmpuint(st.st_mode & 0777, ==, 0644);
        g_autoptr(GBytes) bytes = NULL;
        g_assert_false(file_read(fd, "f", 5, &bytes, &error));
        g_assert_error(error, ERROR_ERRNO, EFBIG);
        g_clear_error(&error);
        g_assert_false(file_read(fd, "none", 5, &bytes, &error));
        g_assert_error(error, ERROR_ERRNO, ENOENT);
        g_clear_error(&error);
        g_assert_true(file_remove_tree(AT_FDCWD, dir, &error));
}

static void removes(void) {
        g_autofree char *dir = g_dir_make_tmp("berth-XXXXXX", NULL);
        autofd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_autoptr(GError) error = NULL;
        g_assert_true(file_make_directories(fd, "tree/a/b/c", 0755, &error));
        g_assert_true(file_make_directories(fd, "keep", 0755, &error));
        g_assert_true(file_replace(fd, "keep/file", "x", 1, 0600, FILE_VOLATILE, &error));
        g_assert_cmpint(symlinkat("../../keep", fd, "tree/a/link"), ==, 0);
        g_assert_true(file_remove_tree(fd, "tree", &error));
        g_assert_cmpint(faccessat(fd, "tree", F_OK, 0), ==, -1);
        g_assert_cmpint(faccessat(fd, "keep/file", F_OK, 0), ==, 0);
        g_assert_true(file_remove_tree(fd, "tree", &error));
        g_assert_true(file_remove_tree(AT_FDCWD, dir, &error));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/file/replace-is-whole-and-sets-the-mode", replaces);
        g_test_add_func("/file/remove-tree-does-not-follow-links", removes);
        return g_test_run();
}
