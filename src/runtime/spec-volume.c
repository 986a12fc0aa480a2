/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes and binds of a container, from --volume, --mount and the image. */
#include "runtime/spec-volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "base/text.h"
#include "runtime/child-steps.h"
#include "runtime/idmap.h"
#include "runtime/run.h"
#include "runtime/volume-owner.h"
#include "runtime/volume.h"

/* A named volume keeps container ids on disk: with a user namespace it is filled, as it is used,
 * through a mount that maps them. */
static int open_volume(const SpecRequest *request, const char *data) {
        if (request->userns_fd < 0)
                return open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        autofd int mapped = sys_open_tree(AT_FDCWD, data, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        int r = mapped < 0 ? mapped : id_map_mount(mapped, request->userns_fd, false);
        int fd = r < 0 ? -1 : openat(mapped, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (r < 0)
                errno = -r;
        return fd;
}

/* Owner, mode and content of the image's directory, once: a new volume looks like what it covers.
 */
static bool
copy_up(const SpecRequest *request, const char *data, const char *destination, GError **error) {
        autofd int from =
                        sys_open_in_root(request->root_fd, destination, O_RDONLY | O_DIRECTORY, 0);
        if (from == -ENOENT || from == -ENOTDIR)
                return true;
        autofd int to = open_volume(request, data);
        g_auto(FileIds) ids = { 0 };
        const UserNamespace *ns = request->user_namespace;
        uint32_t uid, gid;
        if (request->userns_fd >= 0 && id_map_to_host(ns->uids, 0, &uid) &&
            id_map_to_host(ns->gids, 0, &gid) && !file_ids_enter(uid, gid, &ids, error))
                return false;
        struct stat st;
        if (from < 0 || to < 0 || fstat(from, &st) < 0)
                return error_set_errno(
                                error, from < 0 ? from : errno, "Cannot open volume '%s'", data);
        int r = copy_tree_in_child(from, to, 0);
        if (r >= 0 && (fchown(to, st.st_uid, st.st_gid) < 0 || fchmod(to, st.st_mode & 07777) < 0))
                r = -errno;
        if (r < 0)
                return error_set_errno(
                                error, r, "Cannot copy '%s' of the image into volume '%s'",
                                destination, data);
        return true;
}

typedef struct Fill {
        const SpecRequest *request;
        const char *destination; /* NULL: with nothing */
} Fill;

static bool fill_volume(const char *path, void *data, GError **error) {
        const Fill *fill = data;
        return !fill->destination || copy_up(fill->request, path, fill->destination, error);
}

/* The volume as it is, or a new one that looks like what it covers. */
static Volume *
take_volume(const SpecRequest *request,
            const char *name,
            const char *destination,
            bool anonymous,
            GError **error) {
        g_autofree char *data = g_build_filename(request->volumes_path, name, "_data", NULL);
        Fill fill = { request, destination };
        const VolumeRequest wanted = {
                .name = name, .anonymous = anonymous, .fill = fill_volume, .data = &fill
        };
        GError *inner = NULL;
        if (faccessat(AT_FDCWD, data, F_OK, 0) < 0 &&
            !volume_create(request->volumes_path, &wanted, &inner)) {
                if (!g_error_matches(inner, VOLUME_ERROR, VOLUME_ERROR_EXISTS)) {
                        g_propagate_error(error, inner);
                        return NULL;
                }
                g_clear_error(&inner); /* another start made it meanwhile */
        }
        g_autoptr(Volume) volume = volume_find(request->volumes_path, name, error);
        if (!volume)
                return NULL;
        if (volume->needs_copy_up && destination && !volume_has_device(volume)) {
                volume->needs_copy_up = false;
                if (!copy_up(request, volume->path, destination, error) ||
                    !volume_save(request->volumes_path, volume, error))
                        return NULL;
        }
        return g_steal_pointer(&volume);
}

static void remember_anonymous(ContainerRecord *record, const char *name) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        if (record->anonymous_volumes)
                g_strv_builder_addv(builder, (const char **) record->anonymous_volumes);
        g_strv_builder_add(builder, name);
        g_strfreev(record->anonymous_volumes);
        record->anonymous_volumes = g_strv_builder_end(builder);
}

typedef struct VolumeFlags {
        GPtrArray *mount_words; /* for the runtime configuration */
        bool no_copy;
        bool propagation_given;
        bool gives_owner; /* "U" */
} VolumeFlags;

/* "U": who the payload's user is on disk, where a mapped mount stores the ids of the inside. */
static bool
give_owner(const VolumeFlags *flags,
           const OciSpec *spec,
           const char *path,
           bool is_mapped,
           GError **error) {
        uid_t uid = spec->uid;
        gid_t gid = spec->gid;
        if (!flags->gives_owner)
                return true;
        if (!is_mapped)
                run_host_ids(spec, &uid, &gid);
        return volume_give_owner(path, uid, gid, error);
}

/* Words of the third field. SELinux words have nothing to do where SELinux is off; those that would
 * change the host's files are refused rather than skipped. */
static bool parse_flags(const char *text, const char *what, VolumeFlags *flags, GError **error) {
        static const char *const plain[] = {
                "ro",     "rw",   "suid",  "nosuid", "dev",    "nodev", "exec",
                "noexec", "bind", "rbind", "idmap",  "ridmap", NULL,
        };
        static const char *const propagation[] = {
                "private", "rprivate",   "shared",      "rshared", "slave",
                "rslave",  "unbindable", "runbindable", NULL,
        };
        g_auto(GStrv) words = g_strsplit(text, ",", -1);
        for (char **word = words; *word; word++) {
                bool selinux = strcmp(*word, "z") == 0 || strcmp(*word, "Z") == 0;
                if (g_strv_contains(plain, *word)) {
                        g_ptr_array_add(flags->mount_words, g_strdup(*word));
                } else if (g_strv_contains(propagation, *word)) {
                        flags->propagation_given = true;
                        g_ptr_array_add(flags->mount_words, g_strdup(*word));
                } else if (strcmp(*word, "nocopy") == 0 || strcmp(*word, "copy") == 0) {
                        flags->no_copy = (*word)[0] == 'n';
                } else if (strcmp(*word, "U") == 0) {
                        flags->gives_owner = true;
                } else if (!(selinux &&
                             !g_file_test("/sys/fs/selinux/enforce", G_FILE_TEST_EXISTS)) &&
                           **word != '\0') {
                        return error_set_invalid(
                                        error, "%s: option '%s' is not supported", what, *word);
                }
        }
        return true;
}

static void drop_covered(OciSpec *spec, const char *destination) {
        for (guint i = 0; i < spec->mounts->len; i++)
                if (strcmp(((OciMount *) spec->mounts->pdata[i])->destination, destination) == 0) {
                        g_ptr_array_remove_index(
                                        spec->mounts,
                                        i); /* what the user asks for replaces a default */
                        return;
                }
}

static void
add_bind(OciSpec *spec, const char *source, const char *destination, const VolumeFlags *flags) {
        g_autoptr(GString) options = g_string_new("rbind");
        if (!flags->propagation_given)
                g_string_append(options, ",rprivate");
        for (guint i = 0; i < flags->mount_words->len; i++)
                g_string_append_printf(options, ",%s", (char *) flags->mount_words->pdata[i]);
        drop_covered(spec, destination);
        oci_spec_add_mount(spec, destination, "bind", source, options->str);
}

/* A volume with type= and device=: the file system itself, mounted for this container alone. */
static void add_device_volume(
                OciSpec *spec,
                const Volume *volume,
                const char *destination,
                const VolumeFlags *flags) {
        const char *type = g_hash_table_lookup(volume->options, "type");
        const char *device = g_hash_table_lookup(volume->options, "device");
        const char *given = g_hash_table_lookup(volume->options, "o");
        g_autoptr(GString) options = g_string_new("nosuid,nodev");
        bool bind = !type || strcmp(type, "bind") == 0 || strcmp(type, "none") == 0;
        g_auto(GStrv) words = g_strsplit(given ? given : "", ",", -1);
        for (char **word = words; *word; word++) {
                bool owner = g_str_has_prefix(*word, "uid=") || g_str_has_prefix(*word, "gid=");
                bind = bind || strcmp(*word, "bind") == 0 || strcmp(*word, "rbind") == 0;
                if (**word && (!owner || g_strcmp0(type, "tmpfs") == 0))
                        g_string_append_printf(options, ",%s", *word);
        }
        for (guint i = 0; i < flags->mount_words->len; i++)
                g_string_append_printf(options, ",%s", (char *) flags->mount_words->pdata[i]);
        drop_covered(spec, destination);
        if (bind)
                g_string_append(options, ",rbind,rprivate");
        oci_spec_add_mount(
                        spec, destination, bind ? "bind" : type, device ? device : type,
                        options->str);
}

/* A host path as it is, or the directory of a volume; source NULL is an anonymous volume. */
static bool
add_source(const SpecRequest *request,
           const char *source,
           const char *destination,
           const VolumeFlags *flags,
           const char *what,
           OciSpec *spec,
           GError **error) {
        if (destination[0] != '/')
                return error_set_invalid(
                                error, "invalid container path \"%s\", must be an absolute path",
                                destination);
        /* cleaned as text, as Podman does; links on the way are resolved at the mount, inside the
         * root */
        g_autofree char *clean = g_canonicalize_filename(destination, "/");
        destination = clean;
        if (strcmp(destination, "/") == 0)
                return error_set_invalid(
                                error, "invalid %s: the destination must not be '/'", what);
        if (source && (source[0] == '/' || source[0] == '.')) {
                g_autofree char *absolute = g_canonicalize_filename(source, NULL);
                struct stat st;
                if (stat(absolute, &st) < 0)
                        return error_set_errno(error, errno, "statfs %s", absolute);
                if (!give_owner(flags, spec, absolute, false, error))
                        return false;
                add_bind(spec, absolute, destination, flags);
                return true;
        }
        g_autofree char *anonymous = source ? NULL : hex_id_new();
        const char *name = source ? source : anonymous;
        if (!volume_name_is_valid(name))
                return error_set_invalid(
                                error,
                                "running volume create option: names must match "
                                "[a-zA-Z0-9][a-zA-Z0-9_.-]*: "
                                "'%s': invalid argument",
                                name);
        g_autoptr(Volume) volume =
                        take_volume(request, name, flags->no_copy ? NULL : destination,
                                    anonymous != NULL, error);
        if (!volume)
                return false;
        if (anonymous)
                remember_anonymous(request->record, anonymous);
        if (volume_has_device(volume)) {
                add_device_volume(spec, volume, destination, flags);
                return true;
        }
        if (!give_owner(flags, spec, volume->path, request->userns_fd >= 0, error))
                return false;
        if (request->userns_fd >= 0)
                g_ptr_array_add(flags->mount_words, g_strdup("idmap"));
        add_bind(spec, volume->path, destination, flags);
        return true;
}

bool spec_volume_add(const SpecRequest *request, const char *text, OciSpec *spec, GError **error) {
        g_auto(GStrv) parts = g_strsplit(text, ":", 3);
        g_autofree char *what = g_strdup_printf("--volume '%s'", text);
        VolumeFlags flags = { .mount_words = g_ptr_array_new_with_free_func(g_free) };
        g_autoptr(GPtrArray) owned = flags.mount_words;
        guint n = g_strv_length(parts);
        if (n == 0 || !*parts[0] || (n > 1 && !*parts[1]))
                return error_set_invalid(
                                error,
                                "incorrect volume format, should be [host-dir:]ctr-dir[:option]: "
                                "%s",
                                text);
        if (n == 3 && !parse_flags(parts[2], what, &flags, error))
                return false;
        return add_source(
                        request, n == 1 ? NULL : parts[0], n == 1 ? parts[0] : parts[1], &flags,
                        what, spec, error);
}

/* One --mount, taken apart: key[=value] fields of a CSV line. */
typedef struct MountFields {
        const char *type, *source, *destination;
        const char *tmpfs_size, *tmpfs_mode;
        VolumeFlags flags;
        GPtrArray *tmpfs_words;
} MountFields;

static char **split_csv(const char *text) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_autoptr(GString) field = g_string_new(NULL);
        bool quoted = false;
        for (; *text; text++) {
                if (*text == '"' && quoted && text[1] == '"') {
                        g_string_append_c(field, '"');
                        text++;
                } else if (*text == '"') {
                        quoted = !quoted;
                } else if (*text == ',' && !quoted) {
                        g_strv_builder_add(builder, field->str);
                        g_string_truncate(field, 0);
                } else {
                        g_string_append_c(field, *text);
                }
        }
        g_strv_builder_add(builder, field->str);
        return g_strv_builder_end(builder);
}

static bool is_one_of(const char *word, const char *const *names) {
        return g_strv_contains(names, word);
}

static bool mount_field(char *field, MountFields *m, const char *what, GError **error) {
        static const char *const sources[] = { "source", "src", NULL };
        static const char *const destinations[] = { "destination", "dst", "target", NULL };
        static const char *const readonly[] = { "ro", "readonly", NULL };
        char *equal = strchr(field, '=');
        const char *value = equal ? equal + 1 : NULL;
        if (equal)
                *equal = '\0';
        bool on = true;
        if (strcmp(field, "type") == 0 && value) {
                m->type = value;
        } else if (is_one_of(field, sources) && value) {
                m->source = value;
        } else if (is_one_of(field, destinations) && value) {
                m->destination = value;
        } else if (is_one_of(field, readonly) || strcmp(field, "rw") == 0) {
                if (value && !text_parse_bool(value, &on))
                        return error_set_invalid(error, "%s: '%s' is not a boolean", what, value);
                bool ro = on != (strcmp(field, "rw") == 0);
                g_ptr_array_add(m->flags.mount_words, g_strdup(ro ? "ro" : "rw"));
        } else if (strcmp(field, "bind-propagation") == 0 && value) {
                return parse_flags(value, what, &m->flags, error);
        } else if (strcmp(field, "bind-nonrecursive") == 0) {
                g_ptr_array_add(m->flags.mount_words, g_strdup("bind"));
        } else if (strcmp(field, "tmpfs-size") == 0 && value) {
                m->tmpfs_size = value;
        } else if (strcmp(field, "tmpfs-mode") == 0 && value) {
                m->tmpfs_mode = value;
        } else if (strcmp(field, "tmpcopyup") == 0 || strcmp(field, "notmpcopyup") == 0) {
                if (field[0] == 't')
                        g_ptr_array_add(m->tmpfs_words, g_strdup("tmpcopyup"));
        } else if (!value) {
                return parse_flags(field, what, &m->flags, error);
        } else {
                return error_set_invalid(error, "%s: %s: invalid mount option", what, field);
        }
        return true;
}

static bool add_mount_tmpfs(const MountFields *m, const char *what, OciSpec *spec, GError **error) {
        if (m->destination[0] != '/')
                return error_set_invalid(
                                error, "%s: the destination must be an absolute path", what);
        g_autoptr(GString) options = g_string_new("rw,nosuid,nodev");
        for (guint i = 0; i < m->tmpfs_words->len; i++)
                g_string_append_printf(options, ",%s", (char *) m->tmpfs_words->pdata[i]);
        for (guint i = 0; i < m->flags.mount_words->len; i++)
                g_string_append_printf(options, ",%s", (char *) m->flags.mount_words->pdata[i]);
        if (m->tmpfs_size)
                g_string_append_printf(options, ",size=%s", m->tmpfs_size);
        if (m->tmpfs_mode)
                g_string_append_printf(options, ",mode=%s", m->tmpfs_mode);
        drop_covered(spec, m->destination);
        oci_spec_add_mount(spec, m->destination, "tmpfs", "tmpfs", options->str);
        return true;
}

bool spec_mount_add(const SpecRequest *request, const char *text, OciSpec *spec, GError **error) {
        g_autofree char *what = g_strdup_printf("--mount '%s'", text);
        g_auto(GStrv) fields = split_csv(text);
        MountFields m = {
                .type = "volume",
                .flags.mount_words = g_ptr_array_new_with_free_func(g_free),
                .tmpfs_words = g_ptr_array_new_with_free_func(g_free),
        };
        g_autoptr(GPtrArray) owned = m.flags.mount_words;
        g_autoptr(GPtrArray) owned_too = m.tmpfs_words;
        for (char **field = fields; *field; field++)
                if (!mount_field(*field, &m, what, error))
                        return false;
        if (!m.destination)
                return error_set_invalid(error, "%s: must set volume destination", what);
        if (strcmp(m.type, "tmpfs") == 0)
                return add_mount_tmpfs(&m, what, spec, error);
        if (strcmp(m.type, "bind") == 0 &&
            (!m.source || (m.source[0] != '/' && m.source[0] != '.')))
                return error_set_invalid(error, "%s: a bind mount needs source=, a path", what);
        if (strcmp(m.type, "bind") != 0 && strcmp(m.type, "volume") != 0)
                return error_set_invalid(error, "%s: invalid filesystem type \"%s\"", what, m.type);
        return add_source(request, m.source, m.destination, &m.flags, what, spec, error);
}

static bool is_covered(const OciSpec *spec, const char *destination) {
        for (guint i = 0; i < spec->mounts->len; i++)
                if (strcmp(((OciMount *) spec->mounts->pdata[i])->destination, destination) == 0)
                        return true;
        return false;
}

/* --image-volume; "bind" is what Podman called "anonymous" once. */
bool spec_volume_add_image_volumes(const SpecRequest *request, OciSpec *spec, GError **error) {
        const char *mode = request->options->image_volume;
        bool tmpfs = g_strcmp0(mode, "tmpfs") == 0;
        if (g_strcmp0(mode, "ignore") == 0)
                return true;
        if (mode && *mode && !tmpfs && strcmp(mode, "anonymous") != 0 && strcmp(mode, "bind") != 0)
                return error_set_invalid(
                                error,
                                "invalid image-volume type \"%s\". Pick one of bind, tmpfs, "
                                "ignore, "
                                "or anonymous",
                                mode);
        for (char **path = request->image ? request->image->volumes : NULL; path && *path; path++) {
                /* CVE-2022-23648: the path is the image's word; it is only ever resolved inside the
                 * root */
                if ((*path)[0] != '/' || is_covered(spec, *path))
                        continue;
                VolumeFlags flags = { .mount_words = g_ptr_array_new_with_free_func(g_free) };
                g_autoptr(GPtrArray) owned = flags.mount_words;
                if (tmpfs)
                        oci_spec_add_mount(
                                        spec, *path, "tmpfs", "tmpfs", "rw,nosuid,nodev,tmpcopyup");
                else if (!add_source(request, NULL, *path, &flags, "VOLUME of the image", spec,
                                     error))
                        return false;
        }
        return true;
}
