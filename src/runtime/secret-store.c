/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets on disk, shared with Podman. */
#include "runtime/secret-store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "store/lock.h"

#define SECRET_ID_SIZE  25
#define SECRET_NAME_MAX 253
#define FILE_SIZE_MAX   (64u << 20)
#define DATA_FOLDER     "filedriver"
#define ID_PREFIX_MIN   1

G_DEFINE_QUARK(berth - secret - error - quark, secret_error)

struct SecretStore {
        char *path;
};

void secret_free(Secret *secret) {
        if (!secret)
                return;
        g_free(secret->id);
        g_free(secret->name);
        g_free(secret->driver);
        g_clear_pointer(&secret->labels, g_hash_table_unref);
        g_clear_pointer(&secret->driver_options, g_hash_table_unref);
        g_free(secret->created);
        g_free(secret->updated);
        g_free(secret);
}

typedef struct Wiped {
        void *bytes;
        size_t size;
} Wiped;

static void wipe(gpointer data) {
        Wiped *wiped = data;
        explicit_bzero(wiped->bytes, wiped->size);
        g_free(wiped->bytes);
        g_free(wiped);
}

GBytes *secret_bytes_new(void *bytes, size_t size) {
        Wiped *wiped = g_new0(Wiped, 1);
        *wiped = (Wiped){ bytes, size };
        return g_bytes_new_with_free_func(bytes, size, wipe, wiped);
}

SecretStore *secret_store_new(const char *path) {
        SecretStore *store = g_new0(SecretStore, 1);
        store->path = g_strdup(path);
        return store;
}

void secret_store_free(SecretStore *store) {
        if (!store)
                return;
        g_free(store->path);
        g_free(store);
}

static char *path_of(const SecretStore *store, const char *name) {
        return g_build_filename(store->path, name, NULL);
}

/* An empty object when the file is not there. */
static bool load(const char *path, JsonNode **ret_root, JsonObject **ret_object, GError **error) {
        g_autoptr(GBytes) bytes = NULL;
        GError *inner = NULL;
        if (!file_read(AT_FDCWD, path, FILE_SIZE_MAX, &bytes, &inner)) {
                if (!g_error_matches(inner, ERROR_ERRNO, ENOENT)) {
                        g_propagate_error(error, inner);
                        return false;
                }
                g_error_free(inner);
                return json_parse_object("{}", 2, 2, path, ret_root, ret_object, error);
        }
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        bool ok = json_parse_object(text, size, FILE_SIZE_MAX, path, ret_root, ret_object, error);
        explicit_bzero((void *) text, size);
        return ok;
}

/* json-glib's parser makes trees that may not change; a copy may. */
static JsonObject *thawed(JsonObject *object) {
        JsonObject *copy = json_object_new();
        g_autoptr(GList) names = object ? json_object_get_members(object) : NULL;
        for (GList *at = names; at; at = at->next)
                json_object_set_member(
                                copy, at->data,
                                json_node_copy(json_object_get_member(object, at->data)));
        return copy;
}

static bool save(const char *path, JsonObject *object, GError **error) {
        char *text = json_format_object(object, true);
        size_t size = strlen(text);
        bool ok = file_replace(AT_FDCWD, path, text, size, 0600, FILE_DURABLE, error);
        explicit_bzero(text, size);
        g_free(text);
        return ok;
}

static int lock(const SecretStore *store, StoreLockMode mode, GError **error) {
        g_autofree char *folder = path_of(store, DATA_FOLDER);
        if (!file_make_directories(AT_FDCWD, folder, 0700, error))
                return -1;
        g_autofree char *path = path_of(store, "secrets.lock");
        return lock_take(path, mode, error);
}

static bool parse(JsonObject *object, Secret **ret_secret, GError **error) {
        g_autoptr(Secret) secret = g_new0(Secret, 1);
        const char *id, *name, *driver, *created, *updated;
        if (!json_need_string(object, "id", &id, error) ||
            !json_need_string(object, "name", &name, error) ||
            !json_get_string(object, "driver", &driver, error) ||
            !json_get_string(object, "createdAt", &created, error) ||
            !json_get_string(object, "updatedAt", &updated, error) ||
            !json_get_string_map(object, "labels", &secret->labels, error) ||
            !json_get_string_map(object, "driverOptions", &secret->driver_options, error))
                return false;
        secret->id = g_strdup(id);
        secret->name = g_strdup(name);
        secret->driver = g_strdup(driver ? driver : "file");
        secret->created = g_strdup(created ? created : "");
        secret->updated = g_strdup(updated && *updated ? updated : created);
        *ret_secret = g_steal_pointer(&secret);
        return true;
}

static gint by_name(gconstpointer a, gconstpointer b) {
        return strcmp((*(Secret *const *) a)->name, (*(Secret *const *) b)->name);
}

GPtrArray *secret_list(SecretStore *store, GError **error) {
        g_autofree char *path = path_of(store, "secrets.json");
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) secret_free);
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object, *secrets;
        if (!load(path, &root, &object, error) ||
            !json_get_object(object, "secrets", &secrets, error))
                return NULL;
        g_autoptr(GList) ids = secrets ? json_object_get_members(secrets) : NULL;
        for (GList *at = ids; at; at = at->next) {
                JsonObject *one;
                Secret *secret = NULL;
                if (!json_need_object(secrets, at->data, &one, error) ||
                    !parse(one, &secret, error))
                        return NULL;
                g_ptr_array_add(list, secret);
        }
        g_ptr_array_sort(list, by_name);
        return g_steal_pointer(&list);
}

Secret *secret_find(SecretStore *store, const char *name, GError **error) {
        g_autoptr(GPtrArray) all = secret_list(store, error);
        int found = -1, n_prefix = 0;
        for (guint i = 0; all && i < all->len; i++) {
                const Secret *secret = all->pdata[i];
                if (strcmp(secret->name, name) == 0 || strcmp(secret->id, name) == 0)
                        return g_ptr_array_steal_index(all, i);
                if (strlen(name) >= ID_PREFIX_MIN && g_str_has_prefix(secret->id, name)) {
                        found = (int) i;
                        n_prefix++;
                }
        }
        if (n_prefix == 1)
                return g_ptr_array_steal_index(all, (guint) found);
        if (n_prefix > 1)
                error_set_invalid(error, "more than one result secret with prefix %s", name);
        else if (all)
                error_set(error, SECRET_ERROR, SECRET_ERROR_NOT_FOUND,
                          "no secret with name or id \"%s\": no such secret", name);
        return NULL;
}

GBytes *secret_read(SecretStore *store, const Secret *secret, GError **error) {
        g_autofree char *path = path_of(store, DATA_FOLDER "/secretsdata.json");
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object;
        const char *text;
        if (strcmp(secret->driver, "file") != 0) {
                error_set_invalid(
                                error, "secret '%s': driver '%s' is not supported, only file",
                                secret->name, secret->driver);
                return NULL;
        }
        if (!load(path, &root, &object, error) ||
            !json_need_string(object, secret->id, &text, error))
                return NULL;
        gsize size;
        void *bytes = g_base64_decode(text, &size);
        return secret_bytes_new(bytes, size);
}

static bool name_is_valid(const char *name) {
        size_t n = strlen(name);
        return n > 0 && n <= SECRET_NAME_MAX && strcspn(name, "=/,") == n;
}

static bool
save_data(const SecretStore *store,
          const char *id,
          const void *bytes,
          size_t size,
          GError **error) {
        g_autofree char *path = path_of(store, DATA_FOLDER "/secretsdata.json");
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object;
        if (!load(path, &root, &object, error))
                return false;
        g_autoptr(JsonObject) data = thawed(object);
        if (bytes) {
                char *text = g_base64_encode(bytes, size);
                json_object_set_string_member(data, id, text);
                explicit_bzero(text, strlen(text));
                g_free(text);
        } else if (json_object_has_member(data, id)) {
                json_object_remove_member(data, id);
        }
        return save(path, data, error);
}

static JsonObject *
describe(const SecretStore *store,
         const char *id,
         const char *name,
         GHashTable *labels,
         const char *created) {
        JsonObject *object = json_object_new(), *options = json_object_new();
        g_autofree char *now = text_format_time(g_get_real_time() * 1000);
        g_autofree char *folder = path_of(store, DATA_FOLDER);
        json_object_set_string_member(object, "name", name);
        json_object_set_string_member(object, "id", id);
        if (labels && g_hash_table_size(labels) > 0)
                json_set_string_map(object, "labels", labels);
        json_object_set_string_member(object, "createdAt", created ? created : now);
        json_object_set_string_member(object, "updatedAt", now);
        json_object_set_string_member(object, "driver", "file");
        json_object_set_string_member(options, "path", folder);
        json_object_set_object_member(object, "driverOptions", options);
        return object;
}

/* Takes entry (NULL removes); old_id goes with it. */
static bool
save_entry(const SecretStore *store,
           const char *old_id,
           const char *id,
           const char *name,
           JsonObject *entry,
           GError **error) {
        static const char *const parts[] = { "secrets", "nameToID", "idToName" };
        g_autofree char *path = path_of(store, "secrets.json");
        g_autoptr(JsonNode) root = NULL;
        g_autoptr(JsonObject) whole = json_object_new();
        JsonObject *object, *maps[3];
        if (!load(path, &root, &object, error))
                return false;
        for (size_t i = 0; i < 3; i++) {
                JsonObject *map;
                if (!json_get_object(object, parts[i], &map, error))
                        return false;
                maps[i] = thawed(map);
                json_object_set_object_member(whole, parts[i], maps[i]);
        }
        if (old_id) {
                json_object_remove_member(maps[0], old_id);
                json_object_remove_member(maps[2], old_id);
                json_object_remove_member(maps[1], name);
        }
        if (entry) {
                json_object_set_object_member(maps[0], id, entry);
                json_object_set_string_member(maps[1], name, id);
                json_object_set_string_member(maps[2], id, name);
        }
        return save(path, whole, error);
}

bool secret_create(
                SecretStore *store,
                const char *name,
                const void *bytes,
                size_t size,
                GHashTable *labels,
                bool replace,
                char **ret_id,
                GError **error) {
        if (!name_is_valid(name))
                return error_set_invalid(
                                error,
                                "secret name \"%s\" can not include '=', '/', ',', or the '\\0' "
                                "(NULL) and be between 1 and 253 characters: invalid secret name",
                                name);
        if (size == 0 || size >= SECRET_SIZE_MAX)
                return error_set_invalid(
                                error, "secret data must be larger than 0 and less than %d bytes",
                                SECRET_SIZE_MAX);
        autofd int held = lock(store, STORE_LOCK_WRITE, error);
        g_autoptr(GError) inner = NULL;
        g_autoptr(Secret) old = held < 0 ? NULL : secret_find(store, name, &inner);
        if (held < 0)
                return false;
        if (!old && !g_error_matches(inner, SECRET_ERROR, SECRET_ERROR_NOT_FOUND)) {
                g_propagate_error(error, g_steal_pointer(&inner));
                return false;
        }
        if (old && (!replace || strcmp(old->name, name) != 0))
                return error_set(
                                error, SECRET_ERROR, SECRET_ERROR_EXISTS, "%s: secret name in use",
                                name);
        g_autofree char *random = hex_id_new();
        g_autofree char *id = g_strndup(random, SECRET_ID_SIZE);
        /* data first: an entry always has its bytes */
        if (!save_data(store, id, bytes, size, error) ||
            !save_entry(store, old ? old->id : NULL, id, name,
                        describe(store, id, name, labels, old ? old->created : NULL), error) ||
            (old && !save_data(store, old->id, NULL, 0, error)))
                return false;
        *ret_id = g_steal_pointer(&id);
        return true;
}

bool secret_remove(SecretStore *store, const Secret *secret, GError **error) {
        autofd int held = lock(store, STORE_LOCK_WRITE, error);
        return held >= 0 && save_entry(store, secret->id, NULL, secret->name, NULL, error) &&
               save_data(store, secret->id, NULL, 0, error);
}
