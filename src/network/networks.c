/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of network files. */
#include "network/networks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/user.h"
#include "config/storage-conf.h"
#include "network/firewall.h"

#define NETWORK_DIR_SYSTEM "/etc/containers/networks"
/* what Podman gives its default network, so that both mean the same one */
#define DEFAULT_NETWORK_ID "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9"
#define NETWORKS_MAX       4096

struct Networks {
        ContainersConf *conf;
        char *config_dir;
        char *state_dir;
        char *dns_dir;
        char *lease_dir;
        Firewall **parked; /* what it points to is no part of what is const in a Networks */
};

GQuark network_error_quark(void) {
        return g_quark_from_static_string("berth-network");
}

Networks *networks_open(const NetworksOptions *options, GError **error) {
        g_autoptr(Networks) networks = g_new0(Networks, 1);
        networks->parked = g_new0(Firewall *, 1);
        networks->conf = containers_conf_load(error);
        if (!networks->conf)
                return NULL;
        const char *configured = networks->conf->network_config_dir;
        if (options->config_dir && *options->config_dir)
                networks->config_dir = g_strdup(options->config_dir);
        else if (configured && *configured)
                networks->config_dir = g_strdup(configured);
        else if (user_is_root())
                networks->config_dir = g_strdup(NETWORK_DIR_SYSTEM);
        else
                networks->config_dir = g_build_filename(options->graph_root, "networks", NULL);
        g_autofree char *user = user_is_root() ? g_strdup("/run/containers")
                                               : config_user_runtime_directory();
        networks->state_dir = g_build_filename(user, "networks", NULL);
        networks->dns_dir = g_build_filename(networks->state_dir, "aardvark-dns", NULL);
        networks->lease_dir = g_build_filename(options->run_dir, "networks", NULL);
        if (access(networks->lease_dir, F_OK) < 0 &&
            !file_make_directories(AT_FDCWD, networks->lease_dir, 0700, error))
                return NULL;
        return g_steal_pointer(&networks);
}

void networks_free(Networks *networks) {
        if (!networks)
                return;
        firewall_free(*networks->parked);
        g_free(networks->parked);
        containers_conf_free(networks->conf);
        g_free(networks->config_dir);
        g_free(networks->state_dir);
        g_free(networks->dns_dir);
        g_free(networks->lease_dir);
        g_free(networks);
}

void networks_park_firewall(const Networks *networks, Firewall *firewall) {
        firewall_free(*networks->parked);
        *networks->parked = firewall;
}

const ContainersConf *networks_conf(const Networks *networks) {
        return networks->conf;
}

const char *networks_lease_dir(const Networks *networks) {
        return networks->lease_dir;
}

const char *networks_dns_dir(const Networks *networks) {
        return networks->dns_dir;
}

const char *networks_state_dir(const Networks *networks) {
        return networks->state_dir;
}

bool networks_is_default(const Networks *networks, const char *name) {
        return strcmp(name, networks->conf->default_network) == 0;
}

/* The network that is there before anyone made one. */
static Network *default_network(const Networks *networks, GError **error) {
        g_autoptr(Network) network = network_new();
        NetworkSubnet s = { 0 };
        if (!subnet_parse(networks->conf->default_subnet, &s.subnet)) {
                error_set_invalid(
                                error, "containers.conf: default_subnet '%s' is no subnet",
                                networks->conf->default_subnet);
                return NULL;
        }
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        s.gateway = subnet_first(&s.subnet);
        network->name = g_strdup(networks->conf->default_network);
        network->id = g_strdup(DEFAULT_NETWORK_ID);
        network->driver = g_strdup("bridge");
        network->interface = g_strdup("podman0");
        network->created = text_format_time((int64_t) now.tv_sec * 1000000000 + now.tv_nsec);
        network->ipv6 = s.subnet.address.family == AF_INET6;
        network->ipam_driver = g_strdup("host-local");
        g_array_append_val(network->subnets, s);
        return g_steal_pointer(&network);
}

/* ENOENT is reported as it is. */
static Network *load(const Networks *networks, const char *name, GError **error) {
        g_autofree char *path = g_strdup_printf("%s/%s.json", networks->config_dir, name);
        g_autoptr(GBytes) bytes = NULL;
        if (!file_read(AT_FDCWD, path, NETWORK_FILE_SIZE_MAX, &bytes, error))
                return NULL;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        g_autoptr(Network) network = network_parse(text, size, path, error);
        if (network && strcmp(network->name, name) != 0) {
                error_set_invalid(
                                error, "%s: the network's name is '%s', not the file's", path,
                                network->name);
                return NULL;
        }
        return g_steal_pointer(&network);
}

static int by_name(gconstpointer a, gconstpointer b) {
        return strcmp((*(Network *const *) a)->name, (*(Network *const *) b)->name);
}

GPtrArray *networks_list(const Networks *networks, GError **error) {
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) network_free);
        bool has_default = false;
        DIR *dir = opendir(networks->config_dir);
        for (struct dirent *e; dir && (e = readdir(dir)) && list->len < NETWORKS_MAX;) {
                g_autoptr(GError) inner = NULL;
                if (!g_str_has_suffix(e->d_name, ".json") || e->d_name[0] == '.')
                        continue;
                g_autofree char *name = g_strndup(e->d_name, strlen(e->d_name) - 5);
                Network *network = load(networks, name, &inner);
                if (!network) {
                        log_warning("%s, ignoring the network", inner->message);
                        continue;
                }
                has_default = has_default || networks_is_default(networks, name);
                g_ptr_array_add(list, network);
        }
        if (dir)
                closedir(dir);
        if (!has_default) {
                Network *network = default_network(networks, error);
                if (!network)
                        return NULL;
                g_ptr_array_add(list, network);
        }
        g_ptr_array_sort(list, by_name);
        return g_steal_pointer(&list);
}

static Network *find_by_id(const Networks *networks, const char *prefix, GError **error) {
        g_autoptr(GPtrArray) list = networks_list(networks, error);
        Network *found = NULL;
        for (guint i = 0; list && i < list->len; i++) {
                Network *network = list->pdata[i];
                if (!g_str_has_prefix(network->id, prefix))
                        continue;
                if (found) {
                        error_set_invalid(
                                        error,
                                        "more than one result for network ID %s: network "
                                        "already exists",
                                        prefix);
                        return NULL;
                }
                found = network;
        }
        if (!list)
                return NULL;
        if (!found) {
                error_set(error, NETWORK_ERROR, NETWORK_ERROR_NOT_FOUND,
                          "unable to find network with name or ID %s: network not found", prefix);
                return NULL;
        }
        guint index;
        g_assert(g_ptr_array_find(list, found, &index));
        return g_ptr_array_steal_index(list, index);
}

Network *networks_find(const Networks *networks, const char *name, GError **error) {
        if (network_name_is_valid(name)) {
                GError *inner = NULL;
                Network *network = load(networks, name, &inner);
                if (network)
                        return network;
                if (!g_error_matches(inner, ERROR_ERRNO, ENOENT) &&
                    !g_error_matches(inner, ERROR_ERRNO, ENOTDIR)) {
                        g_propagate_error(error, inner);
                        return NULL;
                }
                g_error_free(inner);
                if (networks_is_default(networks, name))
                        return default_network(networks, error);
        }
        bool hex = name[0] && strspn(name, "0123456789abcdef") == strlen(name);
        if (hex)
                return find_by_id(networks, name, error);
        error_set(error, NETWORK_ERROR, NETWORK_ERROR_NOT_FOUND,
                  "unable to find network with name or ID %s: network not found", name);
        return NULL;
}

int networks_lock(const Networks *networks, GError **error) {
        g_autofree char *path = g_build_filename(networks->lease_dir, "config.lock", NULL);
        autofd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || flock(fd, LOCK_EX) < 0) {
                error_set_errno(error, errno, "Cannot lock '%s'", path);
                return -1;
        }
        return fd_steal(&fd);
}

bool networks_save(const Networks *networks, const Network *network, GError **error) {
        JsonObject *object = network_to_json(network);
        g_autofree char *text = json_format_object(object, true);
        json_object_unref(object);
        g_autofree char *name = g_strconcat(network->name, ".json", NULL);
        g_autofree char *path = g_build_filename(networks->config_dir, name, NULL);
        return file_make_directories(AT_FDCWD, networks->config_dir, 0755, error) &&
               file_replace(AT_FDCWD, path, text, strlen(text), 0644, FILE_DURABLE, error);
}

bool networks_remove(const Networks *networks, const Network *network, GError **error) {
        g_autofree char *name = g_strconcat(network->name, ".json", NULL);
        g_autofree char *path = g_build_filename(networks->config_dir, name, NULL);
        if (unlink(path) < 0 && errno != ENOENT)
                return error_set_errno(error, errno, "Cannot remove '%s'", path);
        return true;
}
