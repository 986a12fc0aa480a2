/* SPDX-License-Identifier: Apache-2.0 */
/* [Install] of a unit that systemctl cannot enable: links made at generation time. */
#include "generator/install.h"

#include <string.h>

#include "generator/socket.h"

void install_link_free(gpointer data) {
        InstallLink *link = data;
        g_free(link->path);
        g_free(link->target);
        g_free(link);
}

static void add(GPtrArray *links, char *path, char *target) {
        InstallLink *link = g_new0(InstallLink, 1);
        link->path = path;
        link->target = target;
        g_ptr_array_add(links, link);
}

/* Cleaned, or NULL when the name is absolute or leads out of the output folder. */
static char *clean(const char *name) {
        g_autofree char *absolute = g_canonicalize_filename(name, "/x");
        if (name[0] == '/' || !g_str_has_prefix(absolute, "/x/"))
                return NULL;
        return g_strdup(absolute + strlen("/x/"));
}

static void add_aliases(Quadlet *q, GPtrArray *links) {
        g_autoptr(GPtrArray) words = quadlet_section_words(q, "Install", "Alias");
        for (guint i = 0; i < words->len; i++) {
                const QuadletValue *word = words->pdata[i];
                g_autofree char *path = clean(word->text);
                if (!path || strcmp(path, q->service) == 0) {
                        quadlet_warn(q, word->line, "invalid-value",
                                     "an alias is a plain unit name",
                                     "Ignoring alias '%s': it is not inside of the unit folder",
                                     word->text);
                        continue;
                }
                g_autoptr(GString) target = g_string_new(NULL);
                for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/'))
                        g_string_append(target, "../");
                g_string_append(target, q->service);
                add(links, g_steal_pointer(&path), g_string_free(g_steal_pointer(&target), FALSE));
        }
}

/* The name of the link: the unit's, or for a template that of its default instance; NULL without
 * one. */
static char *link_name(Quadlet *q) {
        g_auto(UnitName) name = { 0 };
        g_assert(unit_name_parse(q->service, &name));
        if (!name.instance || name.instance[0] != '\0')
                return g_strdup(q->service);
        const UnitLine *line = unit_file_last(q->file, "Install", "DefaultInstance");
        g_autofree char *instance = line ? quadlet_unquote(line->value) : NULL;
        if (!instance || !*instance || strchr(instance, '/'))
                return NULL;
        return g_strdup_printf("%s@%s.service", name.prefix, instance);
}

static void add_wanted(Quadlet *q, GPtrArray *links, const char *key, const char *suffix) {
        if (!unit_file_has(q->file, "Install", key))
                return;
        g_autoptr(GPtrArray) words = quadlet_section_words(q, "Install", key);
        g_autofree char *name = words->len > 0 ? link_name(q) : NULL;
        for (guint i = 0; name && i < words->len; i++) {
                const QuadletValue *word = words->pdata[i];
                if (strchr(word->text, '/') || word->text[0] == '.') {
                        quadlet_warn(q, word->line, "invalid-value", NULL,
                                     "Ignoring %s=%s: not the name of a unit", key, word->text);
                        continue;
                }
                if (socket_is_wanted_by(q, word->text))
                        continue;
                add(links, g_strconcat(word->text, ".", suffix, "/", name, NULL),
                    g_strconcat("../", q->service, NULL));
        }
}

GPtrArray *install_links(Quadlet *q) {
        GPtrArray *links = g_ptr_array_new_with_free_func(install_link_free);
        add_aliases(q, links);
        add_wanted(q, links, "WantedBy", "wants");
        add_wanted(q, links, "RequiredBy", "requires");
        add_wanted(q, links, "UpheldBy", "upholds");
        return links;
}
