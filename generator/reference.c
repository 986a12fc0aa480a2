/* SPDX-License-Identifier: Apache-2.0 */
/* References between unit files: resolution to resource names, and the dependencies that follow. */
#include "generator/reference.h"

#include <string.h>

#include "base/digest.h"
#include "generator/command.h"
#include "generator/convert.h"
#include "generator/mount.h"
#include "generator/service.h"
#include "generator/set.h"

#define REFERENCE_DEPTH_MAX 64

static const char *suggest_file(const Quadlet *q, const char *name) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        const QuadletType *type = quadlet_type_of_file(name);
        for (guint i = 0; i < q->set->items->len && names->len < 1000; i++) {
                Quadlet *other = q->set->items->pdata[i];
                if (other->type == type)
                        g_ptr_array_add(names, (char *) other->file_name);
        }
        g_ptr_array_add(names, NULL);
        return diagnostic_nearest(name, (const char *const *) names->pdata);
}

static void missing(Quadlet *q, const char *name, const UnitLine *line, const char *text) {
        const char *near = suggest_file(q, name);
        g_autofree char *hint = near ? g_strdup_printf("did you mean '%s'?", near) : NULL;
        quadlet_error(q, line, "missing-reference", hint, "%s", text);
}

/* The resource of another unit; the dependencies on its service are added. */
static char *use(Quadlet *q, Quadlet *other, const UnitLine *line) {
        if (other->state == QUADLET_CONVERTING) {
                /* Requires= and After= in a circle: systemd would drop one of the start jobs */
                quadlet_error(q, line, "circular-reference", "break the circle",
                              "%s needs this unit itself, so neither can start first",
                              other == q ? "The unit" : other->file_name);
                return NULL;
        }
        if (q->set->depth >= REFERENCE_DEPTH_MAX) {
                quadlet_error(q, line, "too-deep", NULL,
                              "Unit files refer to each other over more than %d steps",
                              REFERENCE_DEPTH_MAX);
                return NULL;
        }
        q->set->depth++;
        bool good = quadlet_convert(other);
        q->set->depth--;
        if (!good) {
                quadlet_error(q, line, "broken-reference", "see the findings of that file",
                              "%s cannot be used: it has errors itself", other->file_name);
                return NULL;
        }
        service_require(q, other->service);
        g_assert(other->resource);
        return unit_name_expand(other->service, other->resource);
}

static bool has_suffix(const char *name, const char *suffix) {
        return g_str_has_suffix(name, suffix) && strlen(name) > strlen(suffix);
}

/* podman-pull(1): a name is unambiguous with an image id, or a registry in front. */
static bool is_qualified(const char *name) {
        if (g_str_has_prefix(name, "sha256:") || hex_id_is_valid(name))
                return true;
        const char *slash = strchr(name, '/');
        if (!slash)
                return false;
        g_autofree char *first = g_strndup(name, (gsize) (slash - name));
        return strpbrk(first, ".:") || strcmp(first, "localhost") == 0;
}

char *reference_image(Quadlet *q, const char *name, const UnitLine *line) {
        bool unit = has_suffix(name, ".image") || has_suffix(name, ".build");
        if (!unit) {
                if (!is_qualified(name))
                        quadlet_warn(q, line, "short-name", NULL,
                                     "Warning: %s specifies the image \"%s\" which not a fully "
                                     "qualified image name. This is not ideal for performance and "
                                     "security reasons. See the podman-pull manpage discussion of "
                                     "short-name-aliases.conf for details.",
                                     q->file_name, name);
                return g_strdup(name);
        }
        Quadlet *other = quadlet_set_find(q->set, name);
        if (other)
                return use(q, other, line);
        g_autofree char *text = g_strdup_printf("requested Quadlet image %s was not found", name);
        missing(q, name, line, text);
        return NULL;
}

char *reference_network(Quadlet *q, const char *value, const UnitLine *line) {
        const char *colon = strchr(value, ':');
        g_autofree char *name = colon ? g_strndup(value, (gsize) (colon - value)) : g_strdup(value);
        bool container = has_suffix(name, ".container");
        if (!container && !has_suffix(name, ".network"))
                return g_strdup(value);
        Quadlet *other = quadlet_set_find(q->set, name);
        if (!other) {
                g_autofree char *text =
                                g_strdup_printf("requested Quadlet unit %s was not found", name);
                missing(q, name, line, text);
                return NULL;
        }
        if (container && colon) {
                quadlet_error(q, line, "invalid-value", "remove what follows the ':'",
                              "extra options are not supported when joining another container's "
                              "network");
                return NULL;
        }
        g_autofree char *resource = use(q, other, line);
        if (!resource)
                return NULL;
        if (container)
                return g_strconcat("container:", resource, NULL);
        return g_strconcat(resource, colon, NULL);
}

char *reference_source(Quadlet *q, const char *source, bool image_too, const UnitLine *line) {
        if (source[0] == '.') {
                g_autofree char *path = quadlet_absolute_path(q, source);
                service_require_mounts(q, path);
                return g_steal_pointer(&path);
        }
        if (source[0] == '/') {
                service_require_mounts(q, source);
                return g_strdup(source);
        }
        if (!has_suffix(source, ".volume") && !has_suffix(source, ".artifact") &&
            !(image_too && has_suffix(source, ".image")))
                return g_strdup(source);
        Quadlet *other = quadlet_set_find(q->set, source);
        if (other)
                return use(q, other, line);
        g_autofree char *text =
                        g_strdup_printf("requested Quadlet source %s was not found", source);
        missing(q, source, line, text);
        return NULL;
}

char *reference_volume(Quadlet *q, const char *value, const UnitLine *line) {
        const char *colon = strchr(value, ':');
        if (!colon)
                return g_strdup(value); /* an anonymous volume */
        g_autofree char *source = g_strndup(value, (gsize) (colon - value));
        g_autofree char *resolved =
                        *source ? reference_source(q, source, false, line) : g_strdup("");
        return resolved ? g_strconcat(resolved, colon, NULL) : NULL;
}

typedef char *(*Resolver)(Quadlet *q, const char *value, const UnitLine *line);

/* flag and what resolve makes of each value of key */
static void
add_resolved(GString *command, Quadlet *q, const char *key, const char *flag, Resolver resolve) {
        g_autoptr(GPtrArray) values = quadlet_values(q, key);
        for (guint i = 0; i < values->len; i++) {
                const QuadletValue *value = values->pdata[i];
                g_autofree char *word = resolve(q, value->text, value->line);
                if (word)
                        command_add(command, flag, word, NULL);
        }
}

void reference_add_networks(GString *command, Quadlet *q) {
        add_resolved(command, q, "Network", "--network", reference_network);
}

void reference_add_volumes(GString *command, Quadlet *q) {
        add_resolved(command, q, "Volume", "-v", reference_volume);
}

void reference_add_mounts(GString *command, Quadlet *q) {
        add_resolved(command, q, "Mount", "--mount", mount_resolve);
}

void reference_add_pod(GString *command, Quadlet *q) {
        g_autofree char *name = quadlet_string(q, "Pod");
        if (!name)
                return;
        const UnitLine *line = quadlet_line(q, "Pod");
        if (!has_suffix(name, ".pod")) {
                quadlet_error(q, line, "invalid-value", "Pod= takes the name of a .pod file",
                              "pod %s is not Quadlet based", name);
                return;
        }
        Quadlet *pod = quadlet_set_find(q->set, name);
        if (!pod) {
                g_autofree char *text = g_strdup_printf("quadlet pod unit %s does not exist", name);
                missing(q, name, line, text);
                return;
        }
        g_autofree char *resource = unit_name_expand(pod->service, pod->resource);
        command_add(command, "--pod", resource, NULL);
        service_add(q, "Unit", "BindsTo", pod->service);
        service_add(q, "Unit", "After", pod->service);
}
