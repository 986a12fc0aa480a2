/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets of a container: as files, or as variables that only the payload ever sees. A credential
 * of the unit (systemd.exec(5), "CREDENTIALS") of the same name comes before a secret. */
#include "runtime/spec-secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/idmap.h"
#include "runtime/secret-store.h"

#define CREDENTIAL_SIZE_MAX (16u << 20)
#define SECRET_MODE         0444

typedef struct SecretRequest {
        const char *name, *target;
        bool is_variable;
        uint32_t uid, gid;
        mode_t mode;
} SecretRequest;

static bool parse_number(const char *text, int base, uint32_t *ret, GError **error) {
        char *end;
        errno = 0;
        guint64 value = g_ascii_strtoull(text, &end, base);
        if (end == text || *end || errno != 0 || value > UINT32_MAX - 1)
                return error_set_invalid(error, "--secret: '%s' is not a number", text);
        *ret = (uint32_t) value;
        return true;
}

static bool parse_field(const char *field, SecretRequest *s, GError **error) {
        static const struct {
                const char *name;
                size_t n;
        } keys[] = { { "source=", 7 }, { "type=", 5 }, { "target=", 7 },
                     { "uid=", 4 },    { "gid=", 4 },  { "mode=", 5 } };
        size_t k = 0;
        while (k < G_N_ELEMENTS(keys) && !g_str_has_prefix(field, keys[k].name))
                k++;
        if (k == G_N_ELEMENTS(keys))
                return error_set_invalid(
                                error,
                                "unable to parse secret %s: option %s: invalid secret syntax, "
                                "should be secret-name[,opt=opt...]",
                                s->name ? s->name : field, field);
        const char *value = field + keys[k].n;
        uint32_t mode = 0;
        switch (k) {
        case 0:
                s->name = value;
                return true;
        case 1:
                s->is_variable = strcmp(value, "env") == 0;
                return s->is_variable || strcmp(value, "mount") == 0 ||
                       error_set_invalid(
                                       error,
                                       "type %s is invalid: type should be either env or mount",
                                       value);
        case 2:
                s->target = value;
                return true;
        case 3:
                return parse_number(value, 10, &s->uid, error);
        case 4:
                return parse_number(value, 10, &s->gid, error);
        default:
                if (!parse_number(value, 8, &mode, error) || mode > 07777)
                        return error_set_invalid(error, "--secret: invalid mode '%s'", value);
                s->mode = mode;
                return true;
        }
}

/* NULL without an error when the unit has no such credential. */
static GBytes *read_credential(const char *name, GError **error) {
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        if (!directory || strchr(name, '/') || name[0] == '.')
                return NULL;
        g_autofree char *path = g_build_filename(directory, name, NULL);
        GBytes *bytes = NULL;
        GError *inner = NULL;
        if (file_read(AT_FDCWD, path, CREDENTIAL_SIZE_MAX, &bytes, &inner))
                return bytes;
        if (g_error_matches(inner, ERROR_ERRNO, ENOENT))
                g_error_free(inner);
        else
                g_propagate_error(error, inner);
        return NULL;
}

static GBytes *read_secret(const char *secrets_path, const char *name, GError **error) {
        GError *inner = NULL;
        GBytes *bytes = read_credential(name, &inner);
        if (bytes || inner) {
                if (inner)
                        g_propagate_error(error, inner);
                return bytes;
        }
        g_autoptr(SecretStore) store = secret_store_new(secrets_path);
        g_autoptr(Secret) secret = secret_find(store, name, error);
        return secret ? secret_read(store, secret, error) : NULL;
}

/* On the tmpfs of the run directory, below a directory that only root enters. */
static bool
write_secret(const char *path, GBytes *bytes, uid_t uid, gid_t gid, mode_t mode, GError **error) {
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        autofd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        int r = fd < 0 ? -errno : fd_write_all(fd, data, size);
        if (r >= 0 && (fchown(fd, uid, gid) < 0 || fchmod(fd, mode) < 0))
                r = -errno;
        return r >= 0 || error_set_errno(error, r, "Cannot write '%s'", path);
}

static bool map_owner(const SpecRequest *request, uint32_t *uid, uint32_t *gid, GError **error) {
        const UserNamespace *ns = request->user_namespace;
        if (request->userns_fd < 0)
                return true;
        return (id_map_to_host(ns->uids, *uid, uid) && id_map_to_host(ns->gids, *gid, gid)) ||
               error_set_invalid(
                               error, "--secret: %u:%u is not in the container's user namespace",
                               *uid, *gid);
}

static bool
add_file(const SpecRequest *request,
         const SecretRequest *s,
         GBytes *bytes,
         guint number,
         OciSpec *spec,
         GError **error) {
        uint32_t uid = s->uid, gid = s->gid;
        g_autofree char *folder = g_build_filename(request->run_path, "secrets", NULL);
        g_autofree char *path = g_strdup_printf("%s/%u", folder, number);
        g_autofree char *target =
                        s->target && s->target[0] == '/'
                                        ? g_canonicalize_filename(s->target, "/")
                                        : g_build_filename(
                                                          "/run/secrets",
                                                          s->target ? s->target : s->name, NULL);
        if (!map_owner(request, &uid, &gid, error) ||
            !file_make_directories(AT_FDCWD, folder, 0700, error) ||
            !write_secret(path, bytes, uid, gid, s->mode, error))
                return false;
        oci_spec_add_mount(spec, target, "bind", path, "bind,rprivate,nosuid,nodev,noexec,ro");
        return true;
}

/* "NAME=secret": what is kept is which secret, not what it says. */
static void note_variable(ContainerRecord *record, const SecretRequest *s) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_autofree char *pair = g_strconcat(s->target ? s->target : s->name, "=", s->name, NULL);
        if (record->secret_variables)
                g_strv_builder_addv(builder, (const char **) record->secret_variables);
        g_strv_builder_add(builder, pair);
        g_strfreev(record->secret_variables);
        record->secret_variables = g_strv_builder_end(builder);
}

static bool
add_secret(const SpecRequest *request,
           const char *text,
           guint number,
           OciSpec *spec,
           GError **error) {
        g_auto(GStrv) fields = g_strsplit(text, ",", 16);
        SecretRequest s = { .mode = SECRET_MODE };
        for (char **field = fields; *field; field++) {
                if (field == fields && !strchr(*field, '='))
                        s.name = *field;
                else if (!parse_field(*field, &s, error))
                        return false;
        }
        if (!s.name || !*s.name)
                return error_set_invalid(
                                error, "no secret name given: invalid secret syntax, should be "
                                       "secret-name[,opt=opt...]");
        g_autoptr(GBytes) bytes = read_secret(request->secrets_path, s.name, error);
        if (!bytes)
                return false;
        if (!s.is_variable)
                return add_file(request, &s, bytes, number, spec, error);
        note_variable(request->record, &s);
        return true;
}

/* The unit's own credentials: read-only, for whoever the payload is, where it looks for them. */
static bool add_credentials(const SpecRequest *request, OciSpec *spec, GError **error) {
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        if (!directory || !*directory)
                return true;
        uint32_t uid = spec->uid, gid = spec->gid;
        g_autoptr(GError) inner = NULL;
        g_autoptr(GDir) dir = g_dir_open(directory, 0, &inner);
        g_autofree char *folder = g_build_filename(request->run_path, "credentials", NULL);
        g_autofree char *base = g_path_get_basename(directory);
        g_autofree char *target = g_build_filename("/run/credentials", base, NULL);
        if (!dir)
                return error_set_invalid(
                                error, "Cannot read the unit's credentials: %s", inner->message);
        if (!map_owner(request, &uid, &gid, error) ||
            !file_make_directories(AT_FDCWD, folder, 0700, error))
                return false;
        for (const char *name; (name = g_dir_read_name(dir));) {
                g_autoptr(GBytes) bytes = read_credential(name, error);
                g_autofree char *path = g_build_filename(folder, name, NULL);
                if (!bytes || !write_secret(path, bytes, uid, gid, 0400, error))
                        return false;
        }
        if (chown(folder, uid, gid) < 0 || chmod(folder, 0500) < 0)
                return error_set_errno(error, errno, "Cannot prepare '%s'", folder);
        oci_spec_add_mount(spec, target, "bind", folder, "bind,rprivate,nosuid,nodev,noexec,ro");
        spec->env = g_environ_setenv(spec->env, "CREDENTIALS_DIRECTORY", target, TRUE);
        return true;
}

bool spec_build_secrets(const SpecRequest *request, OciSpec *spec, GError **error) {
        GPtrArray *list = request->options->secret;
        for (guint i = 0; list && i < list->len; i++)
                if (!add_secret(request, list->pdata[i], i, spec, error))
                        return false;
        return add_credentials(request, spec, error);
}

bool spec_add_secret_variables(
                const char *secrets_path,
                const ContainerRecord *record,
                OciSpec *spec,
                GError **error) {
        for (char **pair = record->secret_variables; pair && *pair; pair++) {
                g_auto(GStrv) parts = g_strsplit(*pair, "=", 2);
                g_autoptr(GBytes) bytes = read_secret(secrets_path, parts[1], error);
                if (!bytes)
                        return false;
                gsize size;
                const char *data = g_bytes_get_data(bytes, &size);
                if (memchr(data, '\0', size))
                        return error_set_invalid(
                                        error,
                                        "secret '%s' has a NUL byte: it can only be a file, not a "
                                        "variable",
                                        parts[1]);
                char *value = g_strndup(data, size);
                spec->env = g_environ_setenv(spec->env, parts[0], value, TRUE);
                explicit_bzero(value, size);
                g_free(value);
        }
        return true;
}
