/* SPDX-License-Identifier: Apache-2.0 */
/* policy.json: loading, and the choice of the scope for one image. */
#include "config/policy.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "build-config.h"
#include "config/policy-requirement.h"
#include "config/storage-conf.h"

#define POLICY_SIZE_MAX (4u << 20)

void policy_free(Policy *policy) {
        if (!policy)
                return;
        g_free(policy->path);
        g_clear_pointer(&policy->root, json_node_unref);
        g_free(policy);
}

void policy_choice_clear(PolicyChoice *choice) {
        g_clear_pointer(&choice->scope, g_free);
        g_clear_pointer(&choice->requirements, g_ptr_array_unref);
}

/* Without any nothing may come in: a policy that got lost must not open the door. Ours, which
 * accepts everything, comes with the installation. */
static char *find_file(const char *path, GError **error) {
        if (path && *path)
                return g_strdup(path);
        g_autofree char *directory = config_user_directory();
        g_autofree char *user = g_build_filename(directory, "policy.json", NULL);
        const char *const places[] = { user, "/etc/containers/policy.json",
                                       BERTH_DATADIR "/containers/policy.json" };
        for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
                if (access(places[i], F_OK) == 0)
                        return g_strdup(places[i]);
        error_set_invalid(
                        error,
                        "no policy.json file found at any of the following: \"%s\", \"%s\", "
                        "\"%s\"; "
                        "write one that says which images may come in, containers-policy.json(5)",
                        places[0], places[1], places[2]);
        return NULL;
}

static GPtrArray *parse_list(JsonArray *array, GError **error) {
        g_autoptr(GPtrArray) list =
                        g_ptr_array_new_with_free_func((GDestroyNotify) policy_requirement_free);
        guint n = json_array_get_length(array);
        for (guint i = 0; i < n; i++) {
                JsonObject *object;
                PolicyRequirement *requirement =
                                json_element_object(array, i, &object, error)
                                                ? policy_requirement_parse(object, error)
                                                : NULL;
                if (!requirement)
                        return NULL;
                g_ptr_array_add(list, requirement);
        }
        if (n == 0) {
                error_set_invalid(error, "a list of requirements is empty");
                return NULL;
        }
        return g_steal_pointer(&list);
}

/* Everything is looked at once, so that a mistake shows at any pull and not only at the one that it
 * concerns. Keys are read again when they are used. */
static bool check_scopes(JsonObject *transports, GError **error) {
        g_autoptr(GList) names = json_object_get_members(transports);
        for (GList *at = names; at; at = at->next) {
                JsonObject *scopes;
                if (!json_need_object(transports, at->data, &scopes, error))
                        return false;
                g_autoptr(GList) keys = json_object_get_members(scopes);
                for (GList *key = keys; key; key = key->next) {
                        JsonArray *array;
                        if (!json_need_array(scopes, key->data, &array, error))
                                return false;
                        g_autoptr(GPtrArray) list = parse_list(array, error);
                        if (!list) {
                                g_prefix_error(error, "%s \"%s\": ", (char *) at->data,
                                               (char *) key->data);
                                return false;
                        }
                }
        }
        return true;
}

static bool check(JsonObject *root, GError **error) {
        g_autoptr(GList) names = json_object_get_members(root);
        for (GList *at = names; at; at = at->next)
                if (!g_str_equal(at->data, "default") && !g_str_equal(at->data, "transports"))
                        return error_set_invalid(error, "unknown member \"%s\"", (char *) at->data);
        JsonArray *fallback;
        JsonObject *transports;
        if (!json_need_array(root, "default", &fallback, error) ||
            !json_get_object(root, "transports", &transports, error))
                return false;
        g_autoptr(GPtrArray) list = parse_list(fallback, error);
        return list && (!transports || check_scopes(transports, error));
}

Policy *policy_load(const char *path, GError **error) {
        g_autoptr(Policy) policy = g_new0(Policy, 1);
        g_autofree char *text = NULL;
        policy->path = find_file(path, error);
        if (!policy->path || !file_read_text(AT_FDCWD, policy->path, POLICY_SIZE_MAX, &text, error))
                return NULL;
        JsonObject *root;
        if (!json_parse_object(
                            text, strlen(text), POLICY_SIZE_MAX, policy->path, &policy->root, &root,
                            error))
                return NULL;
        if (!check(root, error)) {
                g_prefix_error(error, "'%s': ", policy->path);
                return NULL;
        }
        return g_steal_pointer(&policy);
}

/* The scopes to try for a docker name, from the most specific: name with tag or digest, repository,
 * its parents, the host, "*.parent" domains. For paths (oci:, dir:) the parents. */
static GPtrArray *scopes_to_try(const char *transport, const char *identity) {
        GPtrArray *scopes = g_ptr_array_new_with_free_func(g_free);
        if (!identity)
                return scopes;
        g_autofree char *at = g_strdup(identity);
        g_ptr_array_add(scopes, g_strdup(at));
        bool is_docker =
                        g_str_equal(transport, "docker") || g_str_equal(transport, "docker-daemon");
        char *slash = strrchr(at, '/');
        char *mark = is_docker ? strpbrk(slash ? slash : at, ":@") : NULL;
        if (mark) {
                *mark = '\0';
                g_ptr_array_add(scopes, g_strdup(at));
        }
        while ((slash = strrchr(at, '/')) && slash != at) {
                *slash = '\0';
                g_ptr_array_add(scopes, g_strdup(at));
        }
        if (!is_docker)
                return scopes;
        at[strcspn(at, ":")] = '\0';
        for (char *dot = strchr(at, '.'); dot; dot = strchr(dot + 1, '.'))
                g_ptr_array_add(scopes, g_strconcat("*", dot, NULL));
        return scopes;
}

bool policy_choose(
                const Policy *policy,
                const char *transport,
                const char *identity,
                PolicyChoice *ret_choice,
                GError **error) {
        JsonObject *root = json_node_get_object(policy->root);
        JsonObject *transports = NULL, *scopes = NULL;
        JsonArray *array = NULL;
        g_autofree char *scope = NULL;
        if (!json_get_object(root, "transports", &transports, error) ||
            (transports && !json_get_object(transports, transport, &scopes, error)))
                return false;
        g_autoptr(GPtrArray) tries = scopes_to_try(transport, identity);
        g_ptr_array_add(tries, g_strdup("")); /* the transport's own default */
        for (guint i = 0; scopes && !array && i < tries->len; i++) {
                if (!json_get_array(scopes, tries->pdata[i], &array, error))
                        return false;
                if (array)
                        scope = g_strdup_printf("%s \"%s\"", transport, (char *) tries->pdata[i]);
        }
        if (!array) {
                array = json_object_get_array_member(root, "default");
                scope = g_strdup("default");
        }
        ret_choice->requirements = parse_list(array, error);
        if (!ret_choice->requirements)
                return false;
        ret_choice->scope = g_steal_pointer(&scope);
        return true;
}
