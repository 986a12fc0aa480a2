/* SPDX-License-Identifier: Apache-2.0 */
/* auth.json: find, store, erase. */
#include "config/auth-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/user.h"
#include "config/auth-helper.h"
#include "config/storage-conf.h"

#define AUTH_FILE_SIZE_MAX (4u << 20)

static void wipe(char **text) {
        if (*text)
                explicit_bzero(*text, strlen(*text));
        g_clear_pointer(text, g_free);
}

void credentials_clear(Credentials *credentials) {
        g_clear_pointer(&credentials->user, g_free);
        wipe(&credentials->password);
        wipe(&credentials->identity_token);
}

/* The places in the order of containers-auth.json(5); the first is the one we write. */
static char **places(const char *path) {
        if (!path)
                path = g_getenv("REGISTRY_AUTH_FILE");
        if (path && *path) {
                const char *const only[] = { path, NULL };
                return g_strdupv((char **) only);
        }
        g_autofree char *runtime = g_getenv("XDG_RUNTIME_DIR")
                                                   ? config_user_runtime_directory()
                                                   : g_strdup_printf("/run/containers/%u",
                                                                     (unsigned int) user_id());
        g_autofree char *user = config_user_directory();
        const char *docker = g_getenv("DOCKER_CONFIG");
        const char *home = g_get_home_dir();
        g_autoptr(GPtrArray) list = g_ptr_array_new();
        g_ptr_array_add(list, g_build_filename(runtime, "auth.json", NULL));
        g_ptr_array_add(list, g_build_filename(user, "auth.json", NULL));
        g_ptr_array_add(list,
                        docker && *docker ? g_build_filename(docker, "config.json", NULL)
                                          : g_build_filename(home, ".docker", "config.json", NULL));
        g_ptr_array_add(list, g_build_filename(home, ".dockercfg", NULL));
        g_ptr_array_add(list, NULL);
        return (char **) g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

char *auth_write_path(const char *path) {
        g_auto(GStrv) list = places(path);
        return g_strdup(list[0]);
}

/* "https://index.docker.io/v1/" -> "docker.io"; keys of Docker's older files are URLs. */
static char *normalise(const char *key) {
        const char *at = g_str_has_prefix(key, "https://")  ? key + 8
                         : g_str_has_prefix(key, "http://") ? key + 7
                                                            : key;
        g_autofree char *host = g_strndup(at, strcspn(at, "/"));
        if (g_str_equal(host, "index.docker.io") || g_str_equal(host, "registry-1.docker.io"))
                return g_strdup("docker.io");
        return g_steal_pointer(&host);
}

static bool decode(JsonObject *entry, Credentials *ret_credentials, GError **error) {
        const char *auth, *token;
        if (!json_get_string(entry, "auth", &auth, error) ||
            !json_get_string(entry, "identitytoken", &token, error))
                return false;
        g_auto(Credentials) found = { 0 };
        if (auth && *auth) {
                gsize size = 0;
                g_autofree guchar *bytes = g_base64_decode(auth, &size);
                g_autofree char *text = g_strndup((const char *) bytes, size);
                explicit_bzero(bytes, size);
                char *colon = strchr(text, ':');
                if (!colon) {
                        explicit_bzero(text, strlen(text));
                        return error_set_invalid(error, "bad \"auth\" entry");
                }
                found.user = g_strndup(text, (size_t) (colon - text));
                found.password = g_strdup(colon + 1);
                explicit_bzero(text, strlen(text));
        }
        if (token && *token)
                found.identity_token = g_strdup(token);
        *ret_credentials = found;
        found = (Credentials){ 0 };
        return true;
}

/* The entry of "host/ns/repo", "host/ns", "host", then of any key that means the same host. */
static JsonObject *match(JsonObject *auths, const char *key) {
        g_autofree char *at = g_strdup(key);
        for (;;) {
                JsonNode *node = json_object_get_member(auths, at);
                if (node && JSON_NODE_HOLDS_OBJECT(node))
                        return json_node_get_object(node);
                char *slash = strrchr(at, '/');
                if (!slash)
                        break;
                *slash = '\0';
        }
        g_autofree char *host = normalise(at);
        JsonObjectIter iter;
        const char *name;
        JsonNode *node;
        json_object_iter_init(&iter, auths);
        while (json_object_iter_next(&iter, &name, &node)) {
                const char *rest = strstr(name, "://") ? strstr(name, "://") + 3 : name;
                const char *slash = strchr(rest, '/');
                /* a namespace's entry is not the host's; the path of a URL is only decoration */
                if (slash && rest == name)
                        continue;
                g_autofree char *other = normalise(name);
                if (g_str_equal(other, host) && JSON_NODE_HOLDS_OBJECT(node))
                        return json_node_get_object(node);
        }
        return NULL;
}

static bool from_helper(JsonObject *root, const char *key, Credentials *found, GError **error) {
        JsonObject *helpers;
        const char *suffix = NULL, *store;
        g_autofree char *host = g_strndup(key, strcspn(key, "/"));
        if (!json_get_object(root, "credHelpers", &helpers, error) ||
            (helpers && !json_get_string(helpers, host, &suffix, error)) ||
            !json_get_string(root, "credsStore", &store, error))
                return false;
        if (!suffix || !*suffix)
                suffix = store;
        return !suffix || !*suffix || auth_helper_get(suffix, host, found, error);
}

static bool has_any(const Credentials *credentials) {
        return credentials->user || credentials->identity_token;
}

static bool find_in(const char *path, const char *key, Credentials *found, GError **error) {
        g_autoptr(GError) inner = NULL;
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, AUTH_FILE_SIZE_MAX, &text, &inner)) {
                if (g_error_matches(inner, ERROR_ERRNO, ENOENT) ||
                    g_error_matches(inner, ERROR_ERRNO, ENOTDIR))
                        return true;
                g_propagate_error(error, g_steal_pointer(&inner));
                return false;
        }
        g_autoptr(JsonNode) node = NULL;
        JsonObject *root, *auths = NULL;
        if (!json_parse_object(text, strlen(text), AUTH_FILE_SIZE_MAX, path, &node, &root, error))
                return false;
        explicit_bzero(text, strlen(text));
        bool legacy = g_str_has_suffix(path, "/.dockercfg");
        if (!legacy && !from_helper(root, key, found, error))
                return false;
        if (has_any(found))
                return true;
        if (legacy)
                auths = root;
        else if (!json_get_object(root, "auths", &auths, error))
                return false;
        JsonObject *entry = auths ? match(auths, key) : NULL;
        if (entry && !decode(entry, found, error)) {
                g_prefix_error(error, "'%s': ", path);
                return false;
        }
        return true;
}

bool auth_find(const char *path, const char *key, Credentials *ret_credentials, GError **error) {
        g_auto(GStrv) list = places(path);
        *ret_credentials = (Credentials){ 0 };
        for (char **at = list; *at; at++)
                if (!find_in(*at, key, ret_credentials, error) || has_any(ret_credentials))
                        return has_any(ret_credentials);
        return true;
}

/* The document as it is, or a fresh one; a mutable copy of "auths" is put into it. */
static bool
load_for_edit(const char *path, JsonObject **ret_root, JsonObject **ret_auths, GError **error) {
        g_autoptr(GError) inner = NULL;
        g_autofree char *text = NULL;
        g_autoptr(JsonNode) node = NULL;
        JsonObject *old = NULL, *auths = NULL;
        if (file_read_text(AT_FDCWD, path, AUTH_FILE_SIZE_MAX, &text, &inner)) {
                if (*text && (!json_parse_object(
                                              text, strlen(text), AUTH_FILE_SIZE_MAX, path, &node,
                                              &old, error) ||
                              !json_get_object(old, "auths", &auths, error)))
                        return false;
        } else if (!g_error_matches(inner, ERROR_ERRNO, ENOENT)) {
                g_propagate_error(error, g_steal_pointer(&inner));
                return false;
        }
        JsonObject *root = *ret_root = json_object_new();
        JsonObject *copy = *ret_auths = json_object_new();
        JsonObject *const pairs[][2] = { { old, root }, { auths, copy } };
        for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
                JsonObjectIter iter;
                const char *name;
                JsonNode *value;
                if (!pairs[i][0])
                        continue;
                json_object_iter_init_ordered(&iter, pairs[i][0]);
                while (json_object_iter_next_ordered(&iter, &name, &value))
                        json_object_set_member(pairs[i][1], name, json_node_ref(value));
        }
        json_object_set_object_member(root, "auths", copy);
        return true;
}

static bool save(const char *path, JsonObject *root, GError **error) {
        g_autofree char *parent = g_path_get_dirname(path);
        g_autofree char *text = json_format_object(root, true);
        return file_make_directories(AT_FDCWD, parent, 0700, error) &&
               file_replace(AT_FDCWD, path, text, strlen(text), 0600, FILE_DURABLE, error);
}

bool auth_store(const char *path,
                const char *key,
                const char *user,
                const char *password,
                GError **error) {
        g_autofree char *file = auth_write_path(path);
        g_autoptr(JsonObject) root = NULL;
        JsonObject *auths;
        if (!load_for_edit(file, &root, &auths, error))
                return false;
        g_autofree char *plain = g_strconcat(user, ":", password, NULL);
        g_autofree char *encoded = g_base64_encode((const guchar *) plain, strlen(plain));
        JsonObject *entry = json_object_new();
        json_object_set_string_member(entry, "auth", encoded);
        json_object_set_object_member(auths, key, entry);
        explicit_bzero(plain, strlen(plain));
        explicit_bzero(encoded, strlen(encoded));
        return save(file, root, error);
}

bool auth_erase(const char *path, const char *key, bool *ret_found, GError **error) {
        g_autofree char *file = auth_write_path(path);
        g_autoptr(JsonObject) root = NULL;
        JsonObject *auths;
        if (!load_for_edit(file, &root, &auths, error))
                return false;
        if (key) {
                *ret_found = json_object_has_member(auths, key);
                if (*ret_found)
                        json_object_remove_member(auths, key);
        } else {
                *ret_found = json_object_get_size(auths) > 0;
                json_object_set_object_member(root, "auths", json_object_new());
        }
        return !*ret_found || save(file, root, error);
}
