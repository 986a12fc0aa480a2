/* SPDX-License-Identifier: Apache-2.0 */
/* Pins, notes, and which program. */
#include "network/external.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "network/namespace.h"

#define STATE_SIZE_MAX (16u << 20)

static const ExternalBackend *const backends[] = { &netavark_backend, &cni_backend };

static const ExternalBackend *by_name(const char *name) {
        for (size_t i = 0; i < G_N_ELEMENTS(backends); i++)
                if (strcmp(backends[i]->name, name) == 0)
                        return backends[i];
        return NULL;
}

bool external_find(const Networks *networks, const ExternalBackend **ret_backend, GError **error) {
        const char *name = networks_conf(networks)->network_backend;
        *ret_backend = NULL;
        if (!*name || strcmp(name, "native") == 0)
                return true;
        *ret_backend = by_name(name);
        return *ret_backend || error_set_invalid(
                                               error,
                                               "network_backend \"%s\" in containers.conf is not "
                                               "supported, use native, netavark or cni",
                                               name);
}

static char *path_of(const Networks *networks, const char *id, const char *suffix) {
        return g_strdup_printf("%s/%s%s", networks_lease_dir(networks), id, suffix);
}

/* mount(2) of the namespace's file on an empty one: it lives until both are gone. */
static bool pin(const char *path, int ns_fd, GError **error) {
        char source[32];
        autofd int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || mount(fd_path(ns_fd, source), path, NULL, MS_BIND, NULL) < 0)
                return error_set_errno(
                                error, errno, "Cannot pin the network namespace at '%s'", path);
        return true;
}

static bool save(const char *path, const char *backend, JsonObject *state, GError **error) {
        json_object_set_string_member(state, "backend", backend);
        g_autofree char *text = json_format_object(state, false);
        return file_replace(AT_FDCWD, path, text, strlen(text), 0600, FILE_VOLATILE, error);
}

/* NULL without error: not connected by another program. */
static JsonNode *load(const char *path, const ExternalBackend **ret_backend, GError **error) {
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(JsonNode) node = NULL;
        JsonObject *state;
        const char *name;
        if (access(path, F_OK) < 0)
                return NULL;
        if (!file_read(AT_FDCWD, path, STATE_SIZE_MAX, &bytes, error) ||
            !json_parse_object(
                            g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), STATE_SIZE_MAX,
                            path, &node, &state, error) ||
            !json_need_string(state, "backend", &name, error))
                return NULL;
        *ret_backend = by_name(name);
        if (*ret_backend)
                return g_steal_pointer(&node);
        error_set_invalid(error, "%s: unknown back end '%s'", path, name);
        return NULL;
}

bool external_setup(
                const Networks *networks,
                const ExternalBackend *backend,
                const ExternalContainer *container,
                GError **error) {
        g_autofree char *ns_path = path_of(networks, container->id, ".netns");
        g_autofree char *state_path = path_of(networks, container->id, ".json");
        g_autoptr(JsonObject) state = backend->prepare(networks, container);
        /* written first: whoever is killed in between leaves a note of what to take down */
        if (!save(state_path, backend->name, state, error) ||
            !pin(ns_path, container->ns_fd, error))
                return false;
        return backend->up(networks, state, ns_path, error) &&
               save(state_path, backend->name, state, error);
}

bool external_teardown(const Networks *networks, const char *id, GError **error) {
        const ExternalBackend *backend;
        GError *inner = NULL;
        g_autofree char *state_path = path_of(networks, id, ".json");
        g_autofree char *ns_path = path_of(networks, id, ".netns");
        g_autoptr(JsonNode) node = load(state_path, &backend, &inner);
        bool ok = !inner;
        if (node)
                ok = backend->down(networks, json_node_get_object(node), ns_path, &inner);
        if (node || inner) {
                namespace_forget(ns_path);
                (void) unlink(state_path); /* not twice: the second try would fail alike */
        }
        if (!ok)
                g_propagate_error(error, inner);
        return ok;
}

bool external_reload(
                const Networks *networks, const char *id, bool *ret_is_external, GError **error) {
        const ExternalBackend *backend;
        GError *inner = NULL;
        g_autofree char *state_path = path_of(networks, id, ".json");
        g_autofree char *ns_path = path_of(networks, id, ".netns");
        g_autoptr(JsonNode) node = load(state_path, &backend, &inner);
        *ret_is_external = node || inner;
        if (inner) {
                g_propagate_error(error, inner);
                return false;
        }
        if (!node)
                return true;
        JsonObject *state = json_node_get_object(node);
        (void) backend->down(networks, state, ns_path, NULL); /* the rules are gone, that is why */
        return backend->up(networks, state, ns_path, error) &&
               save(state_path, backend->name, state, error);
}
