/* SPDX-License-Identifier: Apache-2.0 */
/* Transports other than registries. */
#include "image/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "image/http.h"
#include "image/store-source.h"
#include "oci/reference.h"

#define DOCKER_SOCKET "/var/run/docker.sock"

void transport_clear(Transport *transport) {
        g_clear_pointer(&transport->images, g_ptr_array_unref);
        g_clear_pointer(&transport->files, files_free);
        g_clear_pointer(&transport->stage, store_stage_free);
        g_clear_pointer(&transport->other, store_free);
}

char *transport_stored_name(const char *written, bool docker) {
        bool is_short = oci_reference_is_short(written);
        g_autofree char *text = is_short && !docker ? g_strconcat("localhost/", written, NULL)
                                                    : g_strdup(written);
        g_autoptr(OciReference) reference = oci_reference_parse_tagged(text, NULL);
        return reference ? oci_reference_format_stored(reference) : NULL;
}

/* "path:rest" -> path; *ret_rest is NULL without a colon. */
static char *split_path(const char *text, const char **ret_rest) {
        const char *colon = strchr(text, ':');
        *ret_rest = colon ? colon + 1 : NULL;
        return colon ? g_strndup(text, (size_t) (colon - text)) : g_strdup(text);
}

static bool make_archive(Store *store, Transport *t, GError **error) {
        if (!store_prepare(store, error))
                return false;
        t->stage = store_stage_new(store, error);
        if (!t->stage)
                return false;
        t->files = files_new_archive(store_stage_fd(t->stage));
        return true;
}

static bool unpack_archive(Store *store, const char *path, Transport *t, GError **error) {
        autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", path);
        if (!make_archive(store, t, error))
                return false;
        if (files_push_file(t->files, fd, error))
                return true;
        g_prefix_error(error, "'%s': ", path);
        return false;
}

static bool open_oci(Store *store, const char *rest, Transport *t, GError **error) {
        const char *which;
        g_autofree char *path = split_path(rest, &which);
        t->files = files_open_directory(path, error);
        t->images = t->files ? oci_layout_images(t->files, which, path, error) : NULL;
        return t->images;
}

static bool open_oci_archive(Store *store, const char *rest, Transport *t, GError **error) {
        const char *which;
        g_autofree char *path = split_path(rest, &which);
        if (!unpack_archive(store, path, t, error))
                return false;
        t->images = oci_layout_images(t->files, which, path, error);
        return t->images;
}

static bool open_docker_archive(Store *store, const char *rest, Transport *t, GError **error) {
        const char *which;
        g_autofree char *path = split_path(rest, &which);
        if (!unpack_archive(store, path, t, error))
                return false;
        t->images = docker_archive_images(t->files, which, path, error);
        return t->images;
}

static bool open_directory(Store *store, const char *rest, Transport *t, GError **error) {
        t->files = files_open_directory(rest, error);
        t->images = t->files ? directory_images(t->files, rest, error) : NULL;
        return t->images;
}

static bool receive_archive(void *data, const void *bytes, size_t size, GError **error) {
        return files_push(data, bytes, size, error);
}

/* Docker Engine API: GET /images/NAME/get gives what `docker save` writes. */
static bool open_docker_daemon(Store *store, const char *rest, Transport *t, GError **error) {
        if (!make_archive(store, t, error))
                return false;
        const char *host = g_getenv("DOCKER_HOST");
        const char *socket = host && g_str_has_prefix(host, "unix://") ? host + strlen("unix://")
                                                                       : DOCKER_SOCKET;
        g_autofree char *name = http_escape(rest);
        g_autofree char *url = g_strconcat("http://localhost/images/", name, "/get", NULL);
        g_autofree char *what = g_strdup_printf("image '%s'", rest);
        g_autoptr(HttpClient) client = http_client_new();
        HttpRequest request = {
                .url = url,
                .what = what,
                .unix_socket = socket,
                .sink = receive_archive,
                .data = t->files,
        };
        g_auto(HttpResponse) response = { 0 };
        if (!http_perform(client, &request, &response, error))
                return false;
        if (response.status != 200)
                return error_set(
                                error, IMAGE_ERROR, IMAGE_ERROR_NOT_FOUND,
                                "Docker has no image '%s' (status %ld)", rest, response.status);
        if (!files_push_end(t->files, error))
                return false;
        t->images = docker_archive_images(t->files, NULL, rest, error);
        return t->images;
}

/* "[overlay@/graph+/run:opts]name", or a name in the usual store. */
static bool open_store(Store *store, const char *rest, Transport *t, GError **error) {
        StoreOptions options = { 0 };
        g_autofree char *inside = NULL;
        const char *name = rest;
        if (*rest == '[') {
                const char *end = strchr(rest, ']');
                if (!end)
                        return error_set_invalid(error, "'%s': '[' without ']'", rest);
                const char *at = memchr(rest, '@', (size_t) (end - rest));
                at = at ? at + 1 : rest + 1;
                inside = g_strndup(at, (size_t) (end - at));
                inside[strcspn(inside, ":")] = '\0';
                char *plus = strchr(inside, '+');
                if (plus) {
                        *plus = '\0';
                        options.run_root = plus + 1;
                }
                options.graph_root = inside;
                name = end + 1;
        }
        t->other = store_open(&options, error);
        t->images = t->other ? store_source_images(t->other, name + (*name == '@'), error) : NULL;
        return t->images;
}

static const struct {
        const char *prefix;
        bool (*open)(Store *store, const char *rest, Transport *t, GError **error);
} transports[] = {
        { "oci:", open_oci },
        { "oci-archive:", open_oci_archive },
        { "docker-archive:", open_docker_archive },
        { "docker-daemon:", open_docker_daemon },
        { "dir:", open_directory },
        { "containers-storage:", open_store },
};

bool transport_is_registry(const char *text) {
        for (size_t i = 0; i < G_N_ELEMENTS(transports); i++)
                if (g_str_has_prefix(text, transports[i].prefix))
                        return false;
        return true;
}

bool transport_open(Store *store, const char *text, Transport *ret_transport, GError **error) {
        g_auto(Transport) t = { 0 };
        for (size_t i = 0; i < G_N_ELEMENTS(transports); i++) {
                size_t n = strlen(transports[i].prefix);
                if (strncmp(text, transports[i].prefix, n) != 0)
                        continue;
                if (!transports[i].open(store, text + n, &t, error))
                        return false;
                *ret_transport = t;
                t = (Transport){ 0 };
                return true;
        }
        return error_set_invalid(error, "'%s' names no transport", text);
}

static bool open_any_directory(const char *path, Transport *t, GError **error) {
        t->files = files_open_directory(path, error);
        if (!t->files)
                return false;
        t->images = files_has(t->files, "oci-layout")
                                    ? oci_layout_images(t->files, NULL, path, error)
                                    : directory_images(t->files, path, error);
        return t->images;
}

bool transport_open_any(Store *store, const char *path, Transport *ret_transport, GError **error) {
        g_auto(Transport) t = { 0 };
        struct stat st;
        bool ok;
        if (stat(path, &st) < 0)
                return error_set_errno(error, errno, "Cannot load '%s'", path);
        if (S_ISDIR(st.st_mode)) {
                ok = open_any_directory(path, &t, error);
        } else {
                ok = unpack_archive(store, path, &t, error);
                if (ok && files_has(t.files, "oci-layout") && !files_has(t.files, "manifest.json"))
                        ok = (t.images = oci_layout_images(t.files, NULL, path, error));
                else if (ok)
                        ok = (t.images = docker_archive_images(t.files, NULL, path, error));
        }
        if (!ok)
                return false;
        *ret_transport = t;
        t = (Transport){ 0 };
        return true;
}
