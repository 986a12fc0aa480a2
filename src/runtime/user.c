/* SPDX-License-Identifier: Apache-2.0 */
/* passwd(5) and group(5) of an image. */
#include "runtime/user.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "base/text.h"

#define ACCOUNT_FILE_SIZE_MAX (8u << 20)
#define ACCOUNT_FIELDS        8

/* The lines of root/path as an array of split lines; an absent file is empty. */
static bool read_accounts(int root_fd, const char *path, char ***ret_lines, GError **error) {
        autofd int fd = sys_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        if (fd == -ENOENT || fd == -ENOTDIR) {
                *ret_lines = g_new0(char *, 1);
                return true;
        }
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(
                                error, fd < 0 ? fd : errno, "Cannot open '/%s' of the image", path);
        if (!S_ISREG(st.st_mode))
                return error_set_invalid(error, "'/%s' of the image is not a regular file", path);
        g_autoptr(GBytes) bytes = NULL;
        if (!file_read_fd(fd, path, ACCOUNT_FILE_SIZE_MAX, &bytes, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        g_autofree char *copy = g_strndup(text, size);
        *ret_lines = g_strsplit(copy, "\n", -1);
        return true;
}

static bool parse_id(const char *text, uint32_t *ret_id) {
        uint64_t id;
        if (!text_parse_uint64(text, UINT32_MAX - 1, &id))
                return false;
        *ret_id = (uint32_t) id;
        return true;
}

/* passwd line: name:password:uid:gid:gecos:home:shell. A name match wins over a number match. */
static bool find_user(char **lines, const char *text, ContainerUser *user) {
        uint32_t wanted;
        bool numeric = parse_id(text, &wanted);
        bool found = false;
        for (; *lines; lines++) {
                g_auto(GStrv) f = g_strsplit(*lines, ":", ACCOUNT_FIELDS);
                uint32_t uid, gid;
                if (g_strv_length(f) < 6 || !parse_id(f[2], &uid) || !parse_id(f[3], &gid))
                        continue;
                bool by_name = strcmp(f[0], text) == 0;
                if (!by_name && !(numeric && uid == wanted && !found))
                        continue;
                user->uid = uid;
                user->gid = gid;
                g_free(user->home);
                user->home = g_strdup(f[5]);
                g_free(user->name);
                user->name = g_strdup(f[0]);
                found = true;
                if (by_name)
                        return true;
        }
        return found;
}

static void add_member_groups(char **lines, ContainerUser *user) {
        for (; user->name && *lines; lines++) {
                g_auto(GStrv) f = g_strsplit(*lines, ":", ACCOUNT_FIELDS);
                uint32_t gid;
                if (g_strv_length(f) < 4 || !parse_id(f[2], &gid))
                        continue;
                g_auto(GStrv) members = g_strsplit(f[3], ",", -1);
                if (g_strv_contains((const char *const *) members, user->name)) {
                        gid_t id = gid;
                        g_array_append_val(user->groups, id);
                }
        }
}

static bool find_group(char **lines, const char *text, gid_t *ret_gid) {
        uint32_t gid;
        for (; *lines; lines++) {
                g_auto(GStrv) f = g_strsplit(*lines, ":", ACCOUNT_FIELDS);
                if (g_strv_length(f) >= 3 && strcmp(f[0], text) == 0 && parse_id(f[2], &gid)) {
                        *ret_gid = gid;
                        return true;
                }
        }
        if (!parse_id(text, &gid))
                return false;
        *ret_gid = gid;
        return true;
}

bool user_resolve_group(int root_fd, const char *text, gid_t *ret_gid, GError **error) {
        g_auto(GStrv) lines = NULL;
        if (!read_accounts(root_fd, "etc/group", &lines, error))
                return false;
        if (!find_group(lines, text, ret_gid))
                return error_set_invalid(
                                error, "unable to find group %s: no matching entries in group file",
                                text);
        return true;
}

bool user_resolve(int root_fd, const char *text, ContainerUser *ret_user, GError **error) {
        g_auto(ContainerUser) user = { .groups = g_array_new(FALSE, FALSE, sizeof(gid_t)) };
        g_auto(GStrv) parts = g_strsplit(text && *text ? text : "0", ":", 2);
        const char *name = *parts[0] ? parts[0] : "0";
        g_auto(GStrv) passwd = NULL;
        g_auto(GStrv) group = NULL;
        if (!read_accounts(root_fd, "etc/passwd", &passwd, error) ||
            !read_accounts(root_fd, "etc/group", &group, error))
                return false;
        if (!find_user(passwd, name, &user)) {
                uint32_t uid;
                if (!parse_id(name, &uid))
                        return error_set_invalid(
                                        error,
                                        "unable to find user %s: no matching entries in passwd "
                                        "file",
                                        name);
                user.uid = uid;
        }
        if (parts[1] && *parts[1]) { /* an explicit group leaves no supplementary ones */
                if (!find_group(group, parts[1], &user.gid))
                        return error_set_invalid(
                                        error,
                                        "unable to find group %s: no matching entries in group "
                                        "file",
                                        parts[1]);
        } else {
                add_member_groups(group, &user);
        }
        if (!user.home || user.home[0] != '/') {
                g_free(user.home);
                user.home = g_strdup("/");
        }
        *ret_user = user;
        user = (ContainerUser){ 0 };
        return true;
}

void container_user_clear(ContainerUser *user) {
        g_clear_pointer(&user->groups, g_array_unref);
        g_clear_pointer(&user->home, g_free);
        g_clear_pointer(&user->name, g_free);
}
