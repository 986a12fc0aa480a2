/* SPDX-License-Identifier: Apache-2.0 */
/* User namespace flags. Remap* is what UserNS= was before Podman 4.5; both at once is an error. */
#include "generator/userns.h"

#include <stdlib.h>
#include <string.h>

#include "generator/command.h"

static const char *const map_keys[] = { "UserNS", "UIDMap", "GIDMap", "SubUIDMap", "SubGIDMap" };

static const UnitLine *set_line(Quadlet *q, const char *key) {
        return key_find(q->type->rows, key) ? quadlet_line(q, key) : NULL;
}

static bool conflicts(Quadlet *q, const UnitLine *remap) {
        for (size_t i = 0; i < G_N_ELEMENTS(map_keys); i++)
                if (set_line(q, map_keys[i])) {
                        quadlet_error(q, remap, "conflicting-keys", "remove the Remap keys",
                                      "deprecated Remap keys are set along with explicit mapping "
                                      "keys");
                        return true;
                }
        return false;
}

static char *first_or_error(Quadlet *q, GPtrArray *values, const char *name) {
        if (values->len > 1) {
                const QuadletValue *second = values->pdata[1];
                quadlet_error(q, second->line, "invalid-value", NULL,
                              "RemapUsers=keep-id supports only a single value for %s",
                              second->line->key);
        }
        return g_strdup_printf("%s=%s", name, quadlet_value_text(values, 0));
}

static void add_userns(GString *command, const char *mode, GPtrArray *options) {
        g_ptr_array_add(options, NULL);
        g_autofree char *list = g_strjoinv(",", (char **) options->pdata);
        g_autofree char *value = *list ? g_strconcat(mode, ":", list, NULL) : g_strdup(mode);
        command_add(command, "--userns", value, NULL);
}

static void add_each(GPtrArray *options, GPtrArray *values, const char *name) {
        for (guint i = 0; i < values->len; i++)
                g_ptr_array_add(options,
                                g_strdup_printf("%s=%s", name, quadlet_value_text(values, i)));
}

static void add_auto(GString *command, Quadlet *q, GPtrArray *uids, GPtrArray *gids) {
        g_autoptr(GPtrArray) options = g_ptr_array_new_with_free_func(g_free);
        add_each(options, uids, "uidmapping");
        add_each(options, gids, "gidmapping");
        const UnitLine *line = quadlet_line(q, "RemapUidSize");
        unsigned long size = line ? strtoul(line->value, NULL, 0) : 0;
        if (size > 0 && size <= G_MAXUINT32)
                g_ptr_array_add(options, g_strdup_printf("size=%lu", size));
        add_userns(command, "auto", options);
}

static void add_keep_id(GString *command, Quadlet *q, GPtrArray *uids, GPtrArray *gids) {
        g_autoptr(GPtrArray) options = g_ptr_array_new_with_free_func(g_free);
        if (uids->len > 0)
                g_ptr_array_add(options, first_or_error(q, uids, "uid"));
        if (gids->len > 0)
                g_ptr_array_add(options, first_or_error(q, gids, "gid"));
        add_userns(command, "keep-id", options);
}

static void add_manual(GString *command, Quadlet *q, const UnitLine *line) {
        if (q->type->kind == QUADLET_KUBE) {
                quadlet_error(q, line, "invalid-value", "use 'auto' or 'keep-id'",
                              "RemapUsers=manual is not supported");
                return;
        }
        command_add_values(command, q, "RemapUid", "--uidmap");
        command_add_values(command, q, "RemapGid", "--gidmap");
}

static void add_remap(GString *command, Quadlet *q, const UnitLine *users) {
        g_autoptr(GPtrArray) uids = quadlet_values(q, "RemapUid");
        g_autoptr(GPtrArray) gids = quadlet_values(q, "RemapGid");
        if (!users || users->value[0] == '\0') {
                if (uids->len + gids->len == 0)
                        return;
                const QuadletValue *value = uids->len > 0 ? uids->pdata[0] : gids->pdata[0];
                quadlet_error(q, value->line, "conflicting-keys",
                              "add RemapUsers=", "%s set without RemapUsers", value->line->key);
        } else if (strcmp(users->value, "manual") == 0)
                add_manual(command, q, users);
        else if (strcmp(users->value, "auto") == 0)
                add_auto(command, q, uids, gids);
        else if (strcmp(users->value, "keep-id") == 0)
                add_keep_id(command, q, uids, gids);
        else
                quadlet_error(q, users, "invalid-value", "use 'auto', 'keep-id' or 'manual'",
                              "unsupported RemapUsers option '%s'", users->value);
}

void userns_add(GString *command, Quadlet *q) {
        static const char *const remap_keys[] = { "RemapUsers", "RemapUid", "RemapGid" };
        const UnitLine *remap = NULL;
        for (size_t i = 0; i < G_N_ELEMENTS(remap_keys) && !remap; i++)
                remap = quadlet_line(q, remap_keys[i]);
        if (remap && conflicts(q, remap))
                return;
        if (remap)
                add_remap(command, q, quadlet_line(q, "RemapUsers"));
        else
                command_add_group(command, q, GROUP_USERNS);
}
