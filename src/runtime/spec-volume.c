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
bool spec_volume_parse_flags(
                const char *text, const char *what, VolumeFlags *flags, GError **error) {
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
                } else if (strcmp(*word, "O") == 0) {
                        flags->is_overlay = true;
                } else if (g_str_has_prefix(*word, "upperdir=")) {
                        flags->upper = g_intern_string(*word + strlen("upperdir="));
                } else if (g_str_has_prefix(*word, "workdir=")) {
                        flags->work = g_intern_string(*word + strlen("workdir="));
                } else if (!(selinux &&
                             !g_file_test("/sys/fs/selinux/enforce", G_FILE_TEST_EXISTS)) &&
                           **word != '\0') {
                        return error_set_invalid(
                                        error, "%s: option '%s' is not supported", what, *word);
                }
        }
        return true;
}

void spec_volume_drop_covered(OciSpec *spec, const char *destination) {
        for (guint i = 0; i < spec->mounts->len; i++)
                if (strcmp(((OciMount *) spec->mounts->pdata[i])->destination, destination) == 0) {
                        g_ptr_array_remove_index(
                                        spec->mounts,
                                        i); /* what the user asks for replaces a default */
                        return;
                }
}

/* lower: paths with colons between. Without one given the upper directory is one of the container's
 * in /run. */
bool spec_volume_add_overlay(
                const SpecRequest *request,
                OciSpec *spec,
                const char *lower,
                const char *destination,
                const VolumeFlags *flags,
                bool writable,
                const char *what,
                GError **error) {
        if (strpbrk(lower, ",\\") || (flags->upper == NULL) != (flags->work == NULL))
                return error_set_invalid(
                                error,
                                strpbrk(lower, ",\\")
                                                ? "%s: a path with a comma or a backslash cannot "
                                                  "be an overlay's"
                                                : "%s: must specify both upperdir and workdir",
                                what);
        g_autoptr(GString) options = g_string_new("lowerdir=");
        g_string_append(options, lower);
        if (writable) {
                g_autofree char *base = g_strdup_printf(
                                "%s/overlay-%u", request->run_path, spec->mounts->len);
                g_autofree char *upper = flags->upper ? g_canonicalize_filename(flags->upper, NULL)
                                                      : g_build_filename(base, "upper", NULL);
                g_autofree char *work = flags->work ? g_canonicalize_filename(flags->work, NULL)
                                                    : g_build_filename(base, "work", NULL);
                g_string_append_printf(options, ",upperdir=%s,workdir=%s", upper, work);
        }
        for (guint i = 0; i < flags->mount_words->len; i++)
                g_string_append_printf(options, ",%s", (char *) flags->mount_words->pdata[i]);
        spec_volume_drop_covered(spec, destination);
        oci_spec_add_mount(spec, destination, "overlay", "overlay", options->str);
        return true;
}

static void
add_bind(OciSpec *spec, const char *source, const char *destination, const VolumeFlags *flags) {
        g_autoptr(GString) options = g_string_new("rbind");
        if (!flags->propagation_given)
                g_string_append(options, ",rprivate");
        for (guint i = 0; i < flags->mount_words->len; i++)
                g_string_append_printf(options, ",%s", (char *) flags->mount_words->pdata[i]);
        spec_volume_drop_covered(spec, destination);
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
        spec_volume_drop_covered(spec, destination);
        if (bind)
                g_string_append(options, ",rbind,rprivate");
        oci_spec_add_mount(
                        spec, destination, bind ? "bind" : type, device ? device : type,
                        options->str);
}

/* A host path as it is, or the directory of a volume; source NULL is an anonymous volume. */
bool spec_volume_add_image(
                const SpecRequest *request,
                const char *name,
                const char *destination,
                const VolumeFlags *flags,
                bool writable,
                const char *what,
                OciSpec *spec,
                GError **error) {
        g_autoptr(StoreImage) image = NULL;
        g_auto(GStrv) paths = NULL;
        if (!request->store || !store_image_find(request->store, name, &image, error) ||
            !store_image_layer_paths(request->store, image, &paths, error))
                return false;
        g_autofree char *lower = g_strjoinv(":", paths);
        return spec_volume_add_overlay(
                        request, spec, lower, destination, flags, writable, what, error);
}

/* Driver "image": what containers write stays, beside the volume's (empty) data. */
static bool add_image_volume(
                const SpecRequest *request,
                const Volume *volume,
                const char *destination,
                const VolumeFlags *flags,
                const char *what,
                OciSpec *spec,
                GError **error) {
        g_autofree char *directory = g_path_get_dirname(volume->path);
        g_autofree char *upper = g_build_filename(directory, "upper", NULL);
        g_autofree char *work = g_build_filename(directory, "work", NULL);
        VolumeFlags kept = *flags;
        if (!flags->is_overlay) {
                kept.upper = upper;
                kept.work = work;
        }
        return spec_volume_add_image(
                        request, volume_image(volume), destination, &kept, true, what, spec, error);
}

/* "O" of one directory: a colon in its path would make it two layers. */
static bool
add_overlay_of(const SpecRequest *request,
               OciSpec *spec,
               const char *path,
               const char *destination,
               const VolumeFlags *flags,
               const char *what,
               GError **error) {
        if (strchr(path, ':'))
                return error_set_invalid(
                                error, "%s: a path with a colon cannot be an overlay's", what);
        return spec_volume_add_overlay(request, spec, path, destination, flags, true, what, error);
}

bool spec_volume_add_source(
                const SpecRequest *request,
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
                if (flags->is_overlay)
                        return add_overlay_of(
                                        request, spec, absolute, destination, flags, what, error);
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
        if (volume_image(volume))
                return add_image_volume(request, volume, destination, flags, what, spec, error);
        if (volume_has_device(volume)) {
                add_device_volume(spec, volume, destination, flags);
                return true;
        }
        if (flags->is_overlay)
                return add_overlay_of(request, spec, volume->path, destination, flags, what, error);
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
        if (n == 3 && !spec_volume_parse_flags(parts[2], what, &flags, error))
                return false;
        return spec_volume_add_source(
                        request, n == 1 ? NULL : parts[0], n == 1 ? parts[0] : parts[1], &flags,
                        what, spec, error);
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
                else if (!spec_volume_add_source(
                                         request, NULL, *path, &flags, "VOLUME of the image", spec,
                                         error))
                        return false;
        }
        return true;
}
