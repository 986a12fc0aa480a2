/* SPDX-License-Identifier: Apache-2.0 */
/* The words of --mount, podman-run(1). */
#include <glob.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "runtime/spec-volume.h"

/* One --mount, taken apart: key[=value] fields of a CSV line. */
typedef struct MountFields {
        const char *type, *source, *destination;
        const char *tmpfs_size, *tmpfs_mode;
        bool writable; /* of an image */
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
        static const char *const devpts[] = { "uid", "gid", "mode", "max", "ptmxmode", NULL };
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
                m->writable = !ro;
                g_ptr_array_add(m->flags.mount_words, g_strdup(ro ? "ro" : "rw"));
        } else if (strcmp(m->type, "devpts") == 0 && value && is_one_of(field, devpts)) {
                g_ptr_array_add(m->tmpfs_words, g_strdup_printf("%s=%s", field, value));
        } else if (strcmp(field, "bind-propagation") == 0 && value) {
                return spec_volume_parse_flags(value, what, &m->flags, error);
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
                return spec_volume_parse_flags(field, what, &m->flags, error);
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
        spec_volume_drop_covered(spec, m->destination);
        oci_spec_add_mount(spec, m->destination, "tmpfs", "tmpfs", options->str);
        return true;
}

static bool add_mount_devpts(const MountFields *m, OciSpec *spec) {
        g_autoptr(GString) options = g_string_new("nosuid,noexec,newinstance");
        for (guint i = 0; i < m->tmpfs_words->len; i++)
                g_string_append_printf(options, ",%s", (char *) m->tmpfs_words->pdata[i]);
        spec_volume_drop_covered(spec, m->destination);
        oci_spec_add_mount(spec, m->destination, "devpts", "devpts", options->str);
        return true;
}

static bool add_mount_ramfs(const MountFields *m, OciSpec *spec) {
        g_autoptr(GString) options = g_string_new("rw,nosuid,nodev");
        if (m->tmpfs_mode)
                g_string_append_printf(options, ",mode=%s", m->tmpfs_mode);
        spec_volume_drop_covered(spec, m->destination);
        oci_spec_add_mount(spec, m->destination, "ramfs", "ramfs", options->str);
        return true;
}

/* podman-run(1) "type=glob": every match under its own name below the destination. */
static bool
add_mount_glob(const SpecRequest *request,
               const MountFields *m,
               const char *what,
               OciSpec *spec,
               GError **error) {
        glob_t matches;
        if (!m->source || m->source[0] != '/' || glob(m->source, 0, NULL, &matches) != 0)
                return error_set_invalid(
                                error, "%s: no files match \"%s\"", what,
                                m->source ? m->source : "");
        bool good = true;
        for (size_t i = 0; good && i < matches.gl_pathc; i++) {
                g_autofree char *name = g_path_get_basename(matches.gl_pathv[i]);
                g_autofree char *inner = g_build_filename(m->destination, name, NULL);
                good = spec_volume_add_source(
                                request, matches.gl_pathv[i], inner, &m->flags, what, spec, error);
        }
        globfree(&matches);
        return good;
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
        if (strcmp(m.type, "devpts") == 0)
                return add_mount_devpts(&m, spec);
        if (strcmp(m.type, "ramfs") == 0)
                return add_mount_ramfs(&m, spec);
        if (strcmp(m.type, "glob") == 0)
                return add_mount_glob(request, &m, what, spec, error);
        if (strcmp(m.type, "image") == 0)
                return m.source ? spec_volume_add_image(
                                                  request, m.source, m.destination, &m.flags,
                                                  m.writable, what, spec, error)
                                : error_set_invalid(
                                                  error,
                                                  "%s: must set source and destination for image "
                                                  "volume",
                                                  what);
        if (strcmp(m.type, "bind") == 0 &&
            (!m.source || (m.source[0] != '/' && m.source[0] != '.')))
                return error_set_invalid(error, "%s: a bind mount needs source=, a path", what);
        if (strcmp(m.type, "bind") != 0 && strcmp(m.type, "volume") != 0)
                return error_set_invalid(error, "%s: invalid filesystem type \"%s\"", what, m.type);
        return spec_volume_add_source(
                        request, m.source, m.destination, &m.flags, what, spec, error);
}
