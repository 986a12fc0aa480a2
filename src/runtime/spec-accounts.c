/* SPDX-License-Identifier: Apache-2.0 */
/* The container's user in /etc/passwd and /etc/group, where the image does not know it: programs
 * ask getpwuid(3) who they are. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "runtime/spec-build.h"

#define ACCOUNTS_SIZE_MAX (4u << 20)

/* NULL without an error when the image has no such file: then none is made. */
static bool
read_in_root(const SpecRequest *request, const char *path, char **ret_text, GError **error) {
        g_autoptr(GBytes) bytes = NULL;
        *ret_text = NULL;
        autofd int fd = sys_open_in_root(request->root_fd, path, O_RDONLY | O_NONBLOCK, 0);
        if (fd == -ENOENT || fd == -ENOTDIR)
                return true;
        if (fd < 0)
                return error_set_errno(error, fd, "Cannot open '/%s' of the image", path);
        if (!file_read_fd(fd, path, ACCOUNTS_SIZE_MAX, &bytes, error))
                return false;
        *ret_text = g_strdup(g_bytes_get_data(bytes, NULL));
        return true;
}

static void fill_in(GString *line, const char *variable, const char *value) {
        g_string_replace(line, variable, value, 0);
}

/* podman-run(1) --passwd-entry, --group-entry: variables in a line of the user's. */
static char *entry(const char *template, const OciSpec *spec, const char *standard) {
        if (!template || !*template)
                return g_strdup(standard);
        g_autofree char *uid = g_strdup_printf("%u", spec->uid);
        g_autofree char *gid = g_strdup_printf("%u", spec->gid);
        GString *line = g_string_new(template);
        fill_in(line, "$USERNAME", spec->user_name ? spec->user_name : uid);
        fill_in(line, "$GROUPNAME", gid);
        fill_in(line, "$USERLIST", spec->user_name ? spec->user_name : uid);
        fill_in(line, "$UID", uid);
        fill_in(line, "$GID", gid);
        fill_in(line, "$NAME", "container user");
        fill_in(line, "$HOME", spec->cwd);
        if (line->len == 0 || line->str[line->len - 1] != '\n')
                g_string_append_c(line, '\n');
        return g_string_free(line, FALSE);
}

static bool add_host_user(const char *name, GString *passwd, GError **error) {
        errno = 0;
        const struct passwd *user = getpwnam(name);
        if (!user)
                return error_set_errno(
                                error, errno ? errno : ENOENT, "unable to look up host user '%s'",
                                name);
        g_string_append_printf(
                        passwd, "%s:*:%u:%u:%s:%s:%s\n", user->pw_name, user->pw_uid, user->pw_gid,
                        user->pw_gecos, user->pw_dir, user->pw_shell);
        return true;
}

static void end_line(GString *text) {
        if (text->len > 0 && text->str[text->len - 1] != '\n')
                g_string_append_c(text, '\n');
}

static bool
bind_file(const SpecRequest *request,
          const char *name,
          const GString *text,
          OciSpec *spec,
          GError **error) {
        g_autofree char *path = g_build_filename(request->run_path, name, NULL);
        g_autofree char *target = g_build_filename("/etc", name, NULL);
        if (!file_replace(AT_FDCWD, path, text->str, text->len, 0644, FILE_VOLATILE, error))
                return false;
        oci_spec_add_mount(spec, target, "bind", path, "bind,rprivate");
        return true;
}

static bool add_passwd(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        bool asked = (o->passwd_entry && *o->passwd_entry) || o->host_user;
        g_autofree char *image = NULL;
        if (oci_spec_has_mount(spec, "/etc/passwd") || (spec->user_name && !asked))
                return true;
        if (!read_in_root(request, "etc/passwd", &image, error))
                return false;
        if (!image)
                return true;
        g_autoptr(GString) text = g_string_new(image);
        end_line(text);
        for (guint i = 0; o->host_user && i < o->host_user->len; i++)
                if (!add_host_user(o->host_user->pdata[i], text, error))
                        return false;
        if (!spec->user_name || (o->passwd_entry && *o->passwd_entry)) {
                g_autofree char *standard =
                                g_strdup_printf("%u:*:%u:%u:container user:%s:/bin/sh\n", spec->uid,
                                                spec->uid, spec->gid, spec->cwd);
                g_autofree char *line = entry(o->passwd_entry, spec, standard);
                g_string_append(text, line);
        }
        return bind_file(request, "passwd", text, spec, error);
}

static bool has_gid(const char *text, gid_t gid) {
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                g_auto(GStrv) fields = g_strsplit(*line, ":", 4);
                if (g_strv_length(fields) >= 3 && g_ascii_strtoull(fields[2], NULL, 10) == gid &&
                    *fields[2])
                        return true;
        }
        return false;
}

static bool add_group(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        bool asked = o->group_entry && *o->group_entry;
        g_autofree char *image = NULL;
        if (oci_spec_has_mount(spec, "/etc/group") ||
            !read_in_root(request, "etc/group", &image, error))
                return oci_spec_has_mount(spec, "/etc/group");
        if (!image || (has_gid(image, spec->gid) && !asked))
                return true;
        g_autofree char *standard =
                        g_strdup_printf("%u:x:%u:%s\n", spec->gid, spec->gid,
                                        spec->user_name ? spec->user_name : "");
        g_autofree char *line = entry(o->group_entry, spec, standard);
        g_autoptr(GString) text = g_string_new(image);
        end_line(text);
        g_string_append(text, line);
        return bind_file(request, "group", text, spec, error);
}

bool spec_build_accounts(const SpecRequest *request, OciSpec *spec, GError **error) {
        if (request->options->passwd == 0)
                return true;
        return add_passwd(request, spec, error) && add_group(request, spec, error);
}
