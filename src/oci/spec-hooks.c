/* SPDX-License-Identifier: Apache-2.0 */
/* "hooks" of config.json (config.md, "POSIX-platform Hooks"). */
#include "base/error.h"
#include "base/json.h"
#include "oci/spec-parts.h"

#define HOOKS_MAX 128 /* of one kind */

static const char *const kind_names[OCI_HOOK_MAX] = {
        [OCI_HOOK_PRESTART] = "prestart",
        [OCI_HOOK_CREATE_RUNTIME] = "createRuntime",
        [OCI_HOOK_CREATE_CONTAINER] = "createContainer",
        [OCI_HOOK_START_CONTAINER] = "startContainer",
        [OCI_HOOK_POSTSTART] = "poststart",
        [OCI_HOOK_POSTSTOP] = "poststop",
};

const char *oci_hook_to_text(OciHookKind kind) {
        return kind_names[kind];
}

static void hook_free(gpointer data) {
        OciHook *hook = data;
        g_free(hook->path);
        g_strfreev(hook->args);
        g_strfreev(hook->env);
        g_free(hook);
}

static bool parse_hook(JsonObject *object, GPtrArray *list, GError **error) {
        OciHook *hook = g_new0(OciHook, 1);
        int64_t timeout = 0;
        g_ptr_array_add(list, hook);
        if (!spec_get_copy(object, "path", &hook->path, error) ||
            !json_get_strings(object, "args", &hook->args, error) ||
            !json_get_strings(object, "env", &hook->env, error) ||
            !spec_get_ranged(object, "timeout", 1, INT32_MAX, &timeout, error))
                return false;
        if (!hook->path || hook->path[0] != '/')
                return error_set_invalid(error, "the path of a hook must be absolute");
        hook->timeout_sec = (int) timeout;
        return true;
}

bool spec_parse_hooks(JsonObject *hooks, OciSpec *spec, GError **error) {
        for (int kind = 0; kind < OCI_HOOK_MAX; kind++) {
                JsonArray *rows;
                if (!json_get_array(hooks, kind_names[kind], &rows, error))
                        return false;
                if (!rows || json_array_get_length(rows) == 0)
                        continue;
                if (json_array_get_length(rows) > HOOKS_MAX)
                        return error_set_invalid(
                                        error, "more than %d %s hooks", HOOKS_MAX,
                                        kind_names[kind]);
                spec->hooks[kind] = g_ptr_array_new_with_free_func(hook_free);
                for (guint i = 0; i < json_array_get_length(rows); i++) {
                        JsonObject *object;
                        if (!json_element_object(rows, i, &object, error) ||
                            !parse_hook(object, spec->hooks[kind], error))
                                return false;
                }
        }
        return true;
}

static JsonObject *format_hook(const OciHook *hook) {
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "path", hook->path);
        if (hook->args)
                json_set_strings(object, "args", (const char *const *) hook->args);
        if (hook->env)
                json_set_strings(object, "env", (const char *const *) hook->env);
        if (hook->timeout_sec > 0)
                json_object_set_int_member(object, "timeout", hook->timeout_sec);
        return object;
}

JsonObject *spec_format_hooks(const OciSpec *spec) {
        JsonObject *hooks = NULL;
        for (int kind = 0; kind < OCI_HOOK_MAX; kind++) {
                const GPtrArray *list = spec->hooks[kind];
                if (!list)
                        continue;
                JsonArray *rows = json_array_new();
                for (guint i = 0; i < list->len; i++)
                        json_array_add_object_element(rows, format_hook(list->pdata[i]));
                hooks = hooks ? hooks : json_object_new();
                json_object_set_array_member(hooks, kind_names[kind], rows);
        }
        return hooks;
}
