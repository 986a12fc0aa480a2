/* SPDX-License-Identifier: Apache-2.0 */
/* The store of artifacts. */
#include "image/artifact.h"

#include <dirent.h>
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
#include "base/json.h"
#include "image/content-type.h"
#include "image/hash.h"
#include "image/http.h"
#include "image/local-blob.h"
#include "store/lock.h"

#define REF_NAME               "org.opencontainers.image.ref.name"
#define TITLE                  "org.opencontainers.image.title"
#define EMPTY_CONFIG           "{}" /* image-spec manifest.md, "Guidance for an Empty Descriptor" */
#define EMPTY_BASE64           "e30="
#define EMPTY_TYPE             "application/vnd.oci.empty.v1+json"
#define ARTIFACT_FILE_SIZE_MAX (INT64_C(256) << 30)
#define LAYOUT                 "{\"imageLayoutVersion\":\"1.0.0\"}"

struct ArtifactStore {
        char *path;
        int fd; /* -1: there is none yet */
};

void artifact_store_free(ArtifactStore *artifacts) {
        if (!artifacts)
                return;
        fd_close(&artifacts->fd);
        g_free(artifacts->path);
        g_free(artifacts);
}

void artifact_free(Artifact *artifact) {
        if (!artifact)
                return;
        g_free(artifact->name);
        g_free(artifact->digest);
        g_clear_pointer(&artifact->bytes, g_bytes_unref);
        g_clear_pointer(&artifact->manifest, oci_manifest_free);
        g_free(artifact);
}

const char *artifact_title(const OciDescriptor *layer) {
        return layer->annotations ? g_hash_table_lookup(layer->annotations, TITLE) : NULL;
}

static bool make_layout(ArtifactStore *artifacts, GError **error) {
        g_autofree char *blobs = g_build_filename(artifacts->path, "blobs", "sha256", NULL);
        g_autofree char *layout = g_build_filename(artifacts->path, "oci-layout", NULL);
        return file_make_directories(AT_FDCWD, blobs, 0700, error) &&
               (access(layout, F_OK) == 0 ||
                file_replace(AT_FDCWD, layout, LAYOUT, strlen(LAYOUT), 0644, FILE_DURABLE, error));
}

ArtifactStore *artifact_store_open(Store *store, bool create, GError **error) {
        g_autoptr(ArtifactStore) artifacts = g_new0(ArtifactStore, 1);
        artifacts->path = g_build_filename(store_graph_root(store), "artifacts", NULL);
        artifacts->fd = -1;
        if (create && !make_layout(artifacts, error))
                return NULL;
        artifacts->fd = open(artifacts->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (artifacts->fd < 0 && errno != ENOENT) {
                error_set_errno(error, errno, "Cannot open '%s'", artifacts->path);
                return NULL;
        }
        return g_steal_pointer(&artifacts);
}

static int take_lock(ArtifactStore *artifacts, GError **error) {
        g_autofree char *path = g_build_filename(artifacts->path, "artifacts.lock", NULL);
        return lock_take(path, STORE_LOCK_WRITE, error);
}

static char *blob_path(const char *digest) {
        return g_strconcat("blobs/sha256/", digest_hex(digest), NULL);
}

/* index.json's entries; none when there is no file. */
static bool load_index(ArtifactStore *artifacts, OciManifest **ret_index, GError **error) {
        g_autoptr(GError) inner = NULL;
        g_autoptr(GBytes) bytes = NULL;
        *ret_index = NULL;
        if (artifacts->fd < 0)
                return true;
        if (!file_read(artifacts->fd, "index.json", OCI_MANIFEST_SIZE_MAX, &bytes, &inner)) {
                if (g_error_matches(inner, ERROR_ERRNO, ENOENT))
                        return true;
                g_propagate_error(error, g_steal_pointer(&inner));
                return false;
        }
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        *ret_index = oci_manifest_parse(text, size, OCI_MEDIA_INDEX, error);
        return *ret_index;
}

static Artifact *load_one(ArtifactStore *artifacts, const OciDescriptor *entry, GError **error) {
        g_autoptr(Artifact) artifact = g_new0(Artifact, 1);
        g_autofree char *path = blob_path(entry->digest);
        const char *name = entry->annotations ? g_hash_table_lookup(entry->annotations, REF_NAME)
                                              : NULL;
        artifact->name = g_strdup(name ? name : "");
        artifact->digest = g_strdup(entry->digest);
        if (!file_read(artifacts->fd, path, OCI_MANIFEST_SIZE_MAX, &artifact->bytes, error))
                return NULL;
        gsize size;
        const char *text = g_bytes_get_data(artifact->bytes, &size);
        artifact->manifest = oci_manifest_parse(text, size, NULL, error);
        if (!artifact->manifest)
                return NULL;
        for (guint i = 0; i < artifact->manifest->layers->len; i++)
                artifact->size += ((OciDescriptor *) artifact->manifest->layers->pdata[i])->size;
        return g_steal_pointer(&artifact);
}

GPtrArray *artifact_list(ArtifactStore *artifacts, GError **error) {
        g_autoptr(OciManifest) index = NULL;
        if (!load_index(artifacts, &index, error))
                return NULL;
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) artifact_free);
        for (guint i = 0; index && i < index->layers->len; i++) {
                Artifact *artifact = load_one(artifacts, index->layers->pdata[i], error);
                if (!artifact)
                        return NULL;
                g_ptr_array_add(list, artifact);
        }
        return g_steal_pointer(&list);
}

Artifact *artifact_find(ArtifactStore *artifacts, const char *name, GError **error) {
        g_autoptr(GPtrArray) list = artifact_list(artifacts, error);
        if (!list)
                return NULL;
        size_t n = strlen(name);
        for (guint i = 0; i < list->len; i++) {
                const Artifact *artifact = list->pdata[i];
                bool by_digest = n >= 7 && (g_str_has_prefix(digest_hex(artifact->digest), name) ||
                                            g_str_has_prefix(artifact->digest, name));
                if (by_digest || g_str_equal(artifact->name, name))
                        return g_ptr_array_steal_index(list, i);
        }
        error_set(error, IMAGE_ERROR, IMAGE_ERROR_NOT_FOUND, "%s: artifact does not exist", name);
        return NULL;
}

typedef struct BlobFile {
        int fd;
        int64_t size, want;
        Hash *hash;
} BlobFile;

static bool write_bytes(void *data, const void *bytes, size_t size, GError **error) {
        BlobFile *file = data;
        file->size += (int64_t) size;
        if (file->size > file->want)
                return error_set_invalid(error, "more bytes than the manifest says");
        hash_update(file->hash, bytes, size);
        int r = fd_write_all(file->fd, bytes, size);
        return r >= 0 || error_set_errno(error, r, "Cannot write a blob");
}

static bool fetch_into(ImageSource *source, const OciDescriptor *blob, int fd, GError **error) {
        g_autoptr(Hash) hash = hash_new_for(blob->digest);
        BlobFile file = { .fd = fd, .want = blob->size, .hash = hash };
        if (!source->class->blob(source, blob, write_bytes, &file, NULL, error))
                return false;
        g_autofree char *digest = hash_finish(hash);
        if (file.size != blob->size || !g_str_equal(digest, blob->digest))
                return error_set_invalid(
                                error, "blob '%s' does not have its digest or size", blob->digest);
        return fdatasync(fd) == 0 || error_set_errno(error, errno, "Cannot sync a blob");
}

/* A blob counts once it has its name; until then it is a temporary file that is removed. */
static int open_temporary(ArtifactStore *artifacts, char **ret_name, GError **error) {
        g_autofree char *name = g_strdup_printf("blobs/sha256/.tmp-%08x", g_random_int());
        int fd = openat(artifacts->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                error_set_errno(error, errno, "Cannot write a blob");
        else
                *ret_name = g_steal_pointer(&name);
        return fd;
}

/* digest: NULL when nothing came of it, and then there is an error already. */
static bool
end_temporary(ArtifactStore *artifacts, const char *name, const char *digest, GError **error) {
        g_autofree char *path = digest ? blob_path(digest) : NULL;
        if (path && renameat(artifacts->fd, name, artifacts->fd, path) == 0)
                return true;
        if (path)
                error_set_errno(error, errno, "Cannot name a blob");
        (void) unlinkat(artifacts->fd, name, 0);
        return false;
}

static bool
fetch_blob(ArtifactStore *artifacts,
           ImageSource *source,
           const OciDescriptor *blob,
           GError **error) {
        if (!g_str_has_prefix(blob->digest, "sha256:"))
                return error_set_invalid(error, "blob '%s' is not sha256", blob->digest);
        g_autofree char *path = blob_path(blob->digest);
        if (faccessat(artifacts->fd, path, F_OK, 0) == 0)
                return true;
        g_autofree char *temporary = NULL;
        autofd int fd = open_temporary(artifacts, &temporary, error);
        if (fd < 0)
                return false;
        bool ok = fetch_into(source, blob, fd, error);
        return end_temporary(artifacts, temporary, ok ? blob->digest : NULL, error);
}

static JsonObject *entry_json(const char *name, const char *digest, gint64 size) {
        JsonObject *entry = json_object_new();
        JsonObject *annotations = json_object_new();
        json_object_set_string_member(entry, "mediaType", OCI_MEDIA_MANIFEST);
        json_object_set_string_member(entry, "digest", digest);
        json_object_set_int_member(entry, "size", size);
        json_object_set_string_member(annotations, REF_NAME, name);
        json_object_set_object_member(entry, "annotations", annotations);
        return entry;
}

/* index.json without the name, and with it again for a digest. */
static bool
rewrite_index(ArtifactStore *artifacts,
              const char *name,
              const char *digest,
              gint64 size,
              GError **error) {
        g_autoptr(GPtrArray) list = artifact_list(artifacts, error);
        if (!list)
                return false;
        g_autoptr(JsonObject) root = json_object_new();
        JsonArray *entries = json_array_new();
        json_object_set_int_member(root, "schemaVersion", 2);
        json_object_set_array_member(root, "manifests", entries);
        for (guint i = 0; i < list->len; i++) {
                const Artifact *artifact = list->pdata[i];
                if (!g_str_equal(artifact->name, name))
                        json_array_add_object_element(
                                        entries,
                                        entry_json(artifact->name, artifact->digest,
                                                   (gint64) g_bytes_get_size(artifact->bytes)));
        }
        if (digest)
                json_array_add_object_element(entries, entry_json(name, digest, size));
        g_autofree char *text = json_format_object(root, false);
        return file_replace(
                        artifacts->fd, "index.json", text, strlen(text), 0644, FILE_DURABLE, error);
}

static bool
fetch_all(ArtifactStore *artifacts,
          ImageSource *source,
          const OciManifest *manifest,
          GError **error) {
        if (manifest->kind != OCI_DOCUMENT_MANIFEST)
                return error_set_invalid(error, "an index is not an artifact");
        if (!fetch_blob(artifacts, source, manifest->config, error))
                return false;
        for (guint i = 0; i < manifest->layers->len; i++)
                if (!fetch_blob(artifacts, source, manifest->layers->pdata[i], error))
                        return false;
        return true;
}

bool artifact_pull(
                ArtifactStore *artifacts,
                ImageSource *source,
                const char *name,
                bool (*verify)(void *data,
                               ImageSource *source,
                               const char *digest,
                               GPtrArray *signatures,
                               GPtrArray *signers,
                               GError **error),
                void *verify_data,
                char **ret_digest,
                GError **error) {
        g_autoptr(GBytes) bytes = NULL;
        g_autofree char *type = NULL;
        if (!source->class->manifest(source, NULL, &bytes, &type, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        g_autofree char *digest = digest_of_bytes(text, size);
        g_autoptr(OciManifest) manifest = oci_manifest_parse(text, size, type, error);
        g_autoptr(GPtrArray) signatures =
                        g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        g_autoptr(GPtrArray) signers = g_ptr_array_new_with_free_func(g_free);
        if (!manifest || !verify(verify_data, source, digest, signatures, signers, error) ||
            !fetch_all(artifacts, source, manifest, error))
                return false;
        g_autofree char *path = blob_path(digest);
        autofd int lock = take_lock(artifacts, error);
        if (lock < 0 || !file_replace(artifacts->fd, path, text, size, 0600, FILE_DURABLE, error) ||
            !rewrite_index(artifacts, name, digest, (gint64) size, error))
                return false;
        *ret_digest = g_steal_pointer(&digest);
        return true;
}

static void note_blobs(const Artifact *artifact, GHashTable *used) {
        g_hash_table_add(used, g_strdup(digest_hex(artifact->digest)));
        if (artifact->manifest->config)
                g_hash_table_add(used, g_strdup(digest_hex(artifact->manifest->config->digest)));
        for (guint i = 0; i < artifact->manifest->layers->len; i++) {
                const OciDescriptor *layer = artifact->manifest->layers->pdata[i];
                g_hash_table_add(used, g_strdup(digest_hex(layer->digest)));
        }
}

/* Blobs that no artifact names. Temporary files are left: another pull may be writing them. */
static bool drop_unused_blobs(ArtifactStore *artifacts, GError **error) {
        g_autoptr(GPtrArray) list = artifact_list(artifacts, error);
        g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        if (!list)
                return false;
        for (guint i = 0; i < list->len; i++)
                note_blobs(list->pdata[i], used);
        g_autofree char *path = g_build_filename(artifacts->path, "blobs", "sha256", NULL);
        DIR *dir = opendir(path);
        if (!dir)
                return error_set_errno(error, errno, "Cannot list '%s'", path);
        for (struct dirent *e; (e = readdir(dir));)
                if (hex_id_is_valid(e->d_name) && !g_hash_table_contains(used, e->d_name))
                        (void) unlinkat(dirfd(dir), e->d_name,
                                        0); /* the next removal tries again */
        closedir(dir);
        return true;
}

/* Copies an open file to a blob; `to` is where its bytes go meanwhile. */
static bool copy_file(int from, int to, JsonObject *layer, GError **error) {
        g_autoptr(Hash) hash = hash_new(HASH_SHA256);
        BlobFile file = { .fd = to, .want = ARTIFACT_FILE_SIZE_MAX, .hash = hash };
        char buffer[LOCAL_BUFFER_SIZE], head[CONTENT_TYPE_HEAD];
        size_t n_head = 0;
        for (;;) {
                ssize_t n = read(from, buffer, sizeof buffer);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(error, errno, "Cannot read it");
                if (n == 0)
                        break;
                size_t more = MIN((size_t) n, sizeof head - n_head);
                memcpy(head + n_head, buffer, more);
                n_head += more;
                if (!write_bytes(&file, buffer, (size_t) n, error))
                        return false;
        }
        g_autofree char *digest = hash_finish(hash);
        json_object_set_string_member(layer, "mediaType", content_type_of(head, n_head));
        json_object_set_string_member(layer, "digest", digest);
        json_object_set_int_member(layer, "size", file.size);
        return fdatasync(to) == 0 || error_set_errno(error, errno, "Cannot sync a blob");
}

static bool add_blob(ArtifactStore *artifacts, int from, JsonObject *layer, GError **error) {
        g_autofree char *temporary = NULL;
        autofd int to = open_temporary(artifacts, &temporary, error);
        if (to < 0)
                return false;
        bool ok = copy_file(from, to, layer, error);
        const char *digest = ok ? json_object_get_string_member(layer, "digest") : NULL;
        return end_temporary(artifacts, temporary, digest, error);
}

/* Sorted, as Podman writes them: the same files are the same artifact. */
static bool
add_annotations(JsonObject *layer,
                const char *const *annotations,
                const char *title,
                GError **error) {
        g_autoptr(GTree) sorted = g_tree_new_full(
                        (GCompareDataFunc) (void (*)(void)) strcmp, NULL, g_free, g_free);
        g_tree_replace(sorted, g_strdup(TITLE), g_strdup(title));
        for (; annotations && *annotations; annotations++) {
                const char *equals = strchr(*annotations, '=');
                if (!equals || equals == *annotations)
                        return error_set_invalid(
                                        error, "annotation \"%s\" is not KEY=VALUE", *annotations);
                g_tree_replace(sorted, g_strndup(*annotations, (gsize) (equals - *annotations)),
                               g_strdup(equals + 1));
        }
        JsonObject *object = json_object_new();
        for (GTreeNode *node = g_tree_node_first(sorted); node; node = g_tree_node_next(node))
                json_object_set_string_member(
                                object, g_tree_node_key(node), g_tree_node_value(node));
        json_object_set_object_member(layer, "annotations", object);
        return true;
}

static bool
add_path(ArtifactStore *artifacts,
         const char *path,
         const ArtifactContent *content,
         JsonArray *layers,
         GError **error) {
        g_autofree char *title = g_path_get_basename(path);
        struct stat st;
        /* a fifo without a writer must not hold us */
        autofd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", path);
        if (!S_ISREG(st.st_mode))
                return error_set_invalid(error, "'%s' is not a file", path);
        JsonObject *layer = json_object_new();
        json_array_add_object_element(layers, layer);
        if (add_blob(artifacts, fd, layer, error))
                return add_annotations(layer, content->annotations, title, error);
        g_prefix_error(error, "'%s': ", path);
        return false;
}

static JsonObject *new_manifest(const ArtifactContent *content, JsonArray *layers) {
        JsonObject *root = json_object_new();
        JsonObject *config = json_object_new();
        json_object_set_int_member(root, "schemaVersion", 2);
        json_object_set_string_member(root, "mediaType", OCI_MEDIA_MANIFEST);
        if (content->type)
                json_object_set_string_member(root, "artifactType", content->type);
        g_autofree char *digest = digest_of_bytes(EMPTY_CONFIG, strlen(EMPTY_CONFIG));
        json_object_set_string_member(config, "mediaType", EMPTY_TYPE);
        json_object_set_string_member(config, "digest", digest);
        json_object_set_int_member(config, "size", strlen(EMPTY_CONFIG));
        json_object_set_string_member(config, "data", EMPTY_BASE64);
        json_object_set_object_member(root, "config", config);
        json_object_set_array_member(root, "layers", json_array_ref(layers));
        return root;
}

static bool
write_document(ArtifactStore *artifacts, const char *text, char **ret_digest, GError **error) {
        g_autofree char *digest = digest_of_bytes(text, strlen(text));
        g_autofree char *path = blob_path(digest);
        if (!file_replace(artifacts->fd, path, text, strlen(text), 0600, FILE_DURABLE, error))
                return false;
        *ret_digest = g_steal_pointer(&digest);
        return true;
}

static bool has_name(ArtifactStore *artifacts, const char *name, bool *ret_has, GError **error) {
        g_autoptr(GPtrArray) list = artifact_list(artifacts, error);
        *ret_has = false;
        for (guint i = 0; list && i < list->len; i++)
                *ret_has = *ret_has || g_str_equal(((Artifact *) list->pdata[i])->name, name);
        return list;
}

/* Under the lock from the start: a removal would take blobs that no artifact names yet. */
bool artifact_add(
                ArtifactStore *artifacts,
                const char *name,
                const ArtifactContent *content,
                char **ret_digest,
                GError **error) {
        bool taken;
        autofd int lock = take_lock(artifacts, error);
        if (lock < 0 || !has_name(artifacts, name, &taken, error))
                return false;
        if (taken)
                return error_set_invalid(error, "artifact %s already exists", name);
        g_autoptr(JsonArray) layers = json_array_new();
        bool ok = true;
        for (const char *const *path = content->paths; ok && *path; path++)
                ok = add_path(artifacts, *path, content, layers, error);
        g_autofree char *config = NULL;
        g_autofree char *digest = NULL;
        if (ok) {
                g_autoptr(JsonObject) manifest = new_manifest(content, layers);
                g_autofree char *text = json_format_object(manifest, false);
                ok = write_document(artifacts, EMPTY_CONFIG, &config, error) &&
                     write_document(artifacts, text, &digest, error) &&
                     rewrite_index(artifacts, name, digest, (gint64) strlen(text), error);
        }
        if (!ok) { /* what was copied already is nobody's */
                (void) drop_unused_blobs(artifacts, NULL);
                return false;
        }
        *ret_digest = g_steal_pointer(&digest);
        return true;
}

bool artifact_remove(
                ArtifactStore *artifacts, const char *name, char **ret_digest, GError **error) {
        g_autoptr(Artifact) artifact = artifact_find(artifacts, name, error);
        if (!artifact)
                return false;
        autofd int lock = take_lock(artifacts, error);
        if (lock < 0 || !rewrite_index(artifacts, artifact->name, NULL, 0, error) ||
            !drop_unused_blobs(artifacts, error))
                return false;
        *ret_digest = g_strdup(artifact->digest);
        return true;
}

static bool copy_bytes(void *data, const void *bytes, size_t size, GError **error) {
        int r = fd_write_all(*(int *) data, bytes, size);
        return r >= 0 || error_set_errno(error, r, "Cannot write the file");
}

bool artifact_extract(
                ArtifactStore *artifacts, const OciDescriptor *layer, int fd, GError **error) {
        g_autoptr(Files) files = files_open_directory(artifacts->path, error);
        g_autofree char *path = blob_path(layer->digest);
        return files && local_blob_stream(files, path, copy_bytes, &fd, error);
}
