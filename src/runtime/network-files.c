/* SPDX-License-Identifier: Apache-2.0 */
/* hosts and resolv.conf of a container: first when it is described, then with what it got. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "base/user.h"
#include "network/hosts.h"
#include "runtime/network.h"
#include "runtime/rootless-network.h"

#define NAME_FILE_SIZE_MAX (1u << 20)

/* In place: the file is bound into the container, whose mount keeps the inode. */
static bool write_in_place(const char *path, const char *text, GError **error) {
        autofd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        int r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
        return r >= 0 || error_set_errno(error, r, "Cannot write '%s'", path);
}

static char *read_host_resolver(void) {
        char *text = NULL;
        /* systemd-resolved(8): where the servers behind its stub on loopback stand */
        static const char *const paths[] = { "/run/systemd/resolve/resolv.conf",
                                             "/etc/resolv.conf" };
        char target[256];
        ssize_t n = readlink("/etc/resolv.conf", target, sizeof target - 1);
        target[MAX(n, 0)] = '\0';
        bool stub = strstr(target, "systemd/resolve/stub-resolv.conf");
        for (size_t i = stub ? 0 : 1; i < G_N_ELEMENTS(paths) && !text; i++)
                (void) file_read_text(AT_FDCWD, paths[i], NAME_FILE_SIZE_MAX, &text, NULL);
        return text;
}

static char *read_of_image(int root_fd) {
        autofd int fd = root_fd < 0 ? -1 : sys_open_in_root(root_fd, "etc/hosts", O_RDONLY, 0);
        g_autoptr(GBytes) bytes = NULL;
        if (fd < 0 || !file_read_fd(fd, "/etc/hosts", NAME_FILE_SIZE_MAX, &bytes, NULL))
                return NULL;
        return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

typedef struct NameFiles {
        const NetworkRequest *request;
        const NetworkStatus *status;
        const ContainersConf *conf;
        const char *run_path;
        const char *inherited_path; /* of the container that is joined, or NULL */
        const char *hostname;
        const char *name;
        int root_fd;
        bool has_hosts, has_resolv; /* out */
} NameFiles;

static bool write_hosts(NameFiles *f, GError **error) {
        f->has_hosts = !f->request->no_hosts;
        if (!f->has_hosts)
                return true;
        g_autofree char *inherited = NULL;
        if (f->inherited_path) {
                g_autofree char *from = g_build_filename(f->inherited_path, "hosts", NULL);
                (void) file_read_text(AT_FDCWD, from, NAME_FILE_SIZE_MAX, &inherited, NULL);
        }
        g_autofree char *image = read_of_image(f->root_fd);
        g_autofree char *directory = user_is_root() ? NULL : rootless_network_directory();
        g_autofree char *host_path = directory ? g_build_filename(directory, "host", NULL) : NULL;
        g_autofree char *host = NULL;
        if (host_path) /* none: no network of this user's runs */
                (void) file_read_text(AT_FDCWD, host_path, NAME_FILE_SIZE_MAX, &host, NULL);
        const HostsRequest request = {
                .request = f->request,
                .status = f->status,
                .conf = f->conf,
                .hostname = f->hostname,
                .name = f->name,
                .inherited = inherited,
                .host = host,
                .image = image,
        };
        g_autofree char *text = hosts_format(&request, error);
        g_autofree char *path = g_build_filename(f->run_path, "hosts", NULL);
        return text && write_in_place(path, text, error);
}

static bool write_resolv(NameFiles *f, GError **error) {
        g_autofree char *inherited =
                        f->inherited_path ? g_build_filename(f->inherited_path, "resolv.conf", NULL)
                                          : NULL;
        g_autofree char *text = NULL;
        bool own = f->request->dns->len + f->request->dns_search->len +
                                   f->request->dns_options->len >
                   0;
        if (!inherited || own ||
            !file_read_text(AT_FDCWD, inherited, NAME_FILE_SIZE_MAX, &text, NULL)) {
                g_autofree char *host = read_host_resolver();
                text = resolv_format(f->request, f->status, f->conf, host);
        }
        f->has_resolv = text;
        g_autofree char *path = g_build_filename(f->run_path, "resolv.conf", NULL);
        return !text || write_in_place(path, text, error);
}

bool network_build_files(const SpecRequest *r, OciSpec *spec, GError **error) {
        g_autoptr(NetworkRequest) request = record_network_request(r->record, error);
        if (!request)
                return false;
        NameFiles files = {
                .request = request,
                .conf = networks_conf(r->networks),
                .run_path = r->run_path,
                .hostname = spec->hostname,
                .name = r->record->name,
                .root_fd = r->root_fd,
        };
        if (!write_hosts(&files, error) || !write_resolv(&files, error))
                return false;
        g_autofree char *hosts = g_build_filename(r->run_path, "hosts", NULL);
        g_autofree char *resolv = g_build_filename(r->run_path, "resolv.conf", NULL);
        if (files.has_hosts)
                oci_spec_add_mount(spec, "/etc/hosts", "bind", hosts, "bind,rprivate");
        if (files.has_resolv)
                oci_spec_add_mount(spec, "/etc/resolv.conf", "bind", resolv, "bind,rprivate");
        return true;
}

bool network_write_files(
                Runtime *runtime,
                Container *c,
                const NetworkRequest *request,
                const NetworkStatus *status,
                GError **error) {
        g_autofree char *run_path = record_run_path(runtime->records, c->record);
        g_autoptr(ContainerRecord) target =
                        request->mode == NETWORK_MODE_CONTAINER
                                        ? record_find(runtime->records, request->target, NULL)
                                        : NULL;
        g_autofree char *inherited =
                        target           ? record_run_path(runtime->records, target)
                        : c->record->pod ? g_build_filename(
                                                           records_run_dir(runtime->records),
                                                           "pods", c->record->pod, NULL)
                                         : NULL;
        NameFiles files = {
                .request = request,
                .status = status,
                .conf = networks_conf(runtime->networks),
                .run_path = run_path,
                .inherited_path = inherited,
                .hostname = c->spec->hostname,
                .name = c->record->name,
                .root_fd = c->root_fd,
        };
        return write_hosts(&files, error) && write_resolv(&files, error);
}

bool network_write_shared_files(
                Runtime *runtime,
                const char *directory,
                const char *hostname,
                const char *name,
                const NetworkRequest *request,
                const NetworkStatus *status,
                GError **error) {
        NameFiles files = {
                .request = request,
                .status = status,
                .conf = networks_conf(runtime->networks),
                .run_path = directory,
                .hostname = hostname,
                .name = name,
                .root_fd = -1,
        };
        return write_hosts(&files, error) && write_resolv(&files, error);
}

bool network_restore_files(Runtime *runtime, Container *c, GError **error) {
        g_autoptr(NetworkRequest) request = record_network_request(c->record, NULL);
        g_autofree char *run_path = record_run_path(runtime->records, c->record);
        g_autofree char *hosts = g_build_filename(run_path, "hosts", NULL);
        g_autofree char *resolv = g_build_filename(run_path, "resolv.conf", NULL);
        if (!request ||
            ((request->no_hosts || access(hosts, F_OK) == 0) && access(resolv, F_OK) == 0))
                return true;
        return runtime_networks(runtime, error) &&
               network_write_files(runtime, c, request, NULL, error);
}
