/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's namespaces and its network: made, pinned and let go. No process is part of it; containers
 * come and go in it, each by itself. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/user.h"
#include "network/namespace.h"
#include "network/setup.h"
#include "runtime/network.h"
#include "runtime/pod.h"
#include "runtime/spec-build.h"

static const struct {
        const char *name;
        int flag;
        const char *source;
} kinds[] = {
        { "ipc", CLONE_NEWIPC, "/proc/self/ns/ipc" },
        { "net", CLONE_NEWNET, "/proc/self/ns/net" },
        { "uts", CLONE_NEWUTS, "/proc/self/ns/uts" },
};

/* Containers of a pod that is not started may start at the same moment: the first one makes it. */
static int lock(Runtime *runtime, const Pod *pod, GError **error) {
        g_autofree char *path = pod_run_path(runtime->records, pod);
        if (!file_make_directories(AT_FDCWD, path, 0700, error))
                return -1;
        autofd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || flock(fd, LOCK_EX) < 0) {
                error_set_errno(error, errno, "Cannot lock '%s'", path);
                return -1;
        }
        return fd_steal(&fd);
}

static bool pin(Runtime *runtime, const Pod *pod, GError **error) {
        NamespacePin pins[G_N_ELEMENTS(kinds)];
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                bool own = kinds[i].flag != CLONE_NEWNET || pod_pins_network(pod);
                if (!own || !pod_shares(pod, kinds[i].name))
                        continue;
                char *path = pod_file(runtime->records, pod, kinds[i].name);
                pins[paths->len] = (NamespacePin){ kinds[i].flag, kinds[i].source, path };
                g_ptr_array_add(paths, path);
        }
        return paths->len == 0 ||
               namespace_make_several(pins, paths->len, pod_hostname(pod), error);
}

/* POSIX shared memory goes with the IPC namespace, shm_overview(7). */
static bool mount_shm(Runtime *runtime, const Pod *pod, GError **error) {
        if (!pod_shares(pod, "ipc"))
                return true;
        g_autofree char *path = pod_file(runtime->records, pod, "shm");
        g_autofree char *options =
                        g_strdup_printf("mode=1777,size=%" G_GINT64_FORMAT,
                                        pod->shm_size > 0 ? pod->shm_size : SHM_SIZE_DEFAULT);
        if ((mkdir(path, 0700) < 0 && errno != EEXIST) ||
            mount("shm", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) < 0)
                return error_set_errno(error, errno, "Cannot mount '%s'", path);
        return true;
}

static void unpin(Runtime *runtime, const Pod *pod) {
        g_autofree char *mark = pod_file(runtime->records, pod, "started");
        g_autofree char *shm = pod_file(runtime->records, pod, "shm");
        (void) unlink(mark);
        (void) umount2(shm, MNT_DETACH); /* it may not be there */
        (void) rmdir(shm);
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                g_autofree char *path = pod_file(runtime->records, pod, kinds[i].name);
                namespace_forget(path);
        }
}

static void set_status(Pod *pod, const NetworkStatus *status) {
        g_clear_pointer(&pod->network_status, json_node_unref);
        if (!status)
                return;
        pod->network_status = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(pod->network_status, network_status_to_json(status));
}

/* As a container would be, but that the pinned namespace owns the lease and no process. */
static bool connect_network(Runtime *runtime, Pod *pod, GError **error) {
        g_autoptr(NetworkRequest) request = pod_network_request(pod, error);
        g_autoptr(NetworkStatus) status = NULL;
        g_autofree char *path = pod_file(runtime->records, pod, "net");
        struct stat st;
        if (!request || !runtime_networks(runtime, error))
                return false;
        if (request->mode == NETWORK_MODE_BRIDGE && pod_pins_network(pod)) {
                autofd int ns_fd = open(path, O_RDONLY | O_CLOEXEC);
                if (ns_fd < 0 || fstat(ns_fd, &st) < 0)
                        return error_set_errno(error, errno, "Cannot open '%s'", path);
                const NetworkContainer container = {
                        .id = pod->id,
                        .name = pod->name,
                        .owner = { .path = path, .inode = st.st_ino },
                        .ns_fd = ns_fd,
                        .request = request,
                };
                if (!network_setup(runtime->networks, &container, &status, error))
                        return false;
        }
        set_status(pod, status);
        g_autofree char *run_path = pod_run_path(runtime->records, pod);
        return network_write_shared_files(
                        runtime, run_path, pod_hostname(pod), pod->name, request, status, error);
}

static bool disconnect_network(Runtime *runtime, Pod *pod, GError **error) {
        g_autoptr(NetworkRequest) request = pod_network_request(pod, error);
        set_status(pod, NULL);
        if (!request || !runtime_networks(runtime, error))
                return false;
        return request->mode != NETWORK_MODE_BRIDGE || !pod_pins_network(pod) ||
               network_teardown(runtime->networks, pod->id, request, error);
}

static bool start(Runtime *runtime, Pod *pod, GError **error) {
        g_autofree char *mark = pod_file(runtime->records, pod, "started");
        unpin(runtime, pod); /* what a killed start left */
        pod->was_started = true;
        if (pin(runtime, pod, error) && mount_shm(runtime, pod, error) &&
            connect_network(runtime, pod, error) && pod_save(runtime->records, pod, error) &&
            file_replace(AT_FDCWD, mark, "", 0, 0600, FILE_VOLATILE, error))
                return true;
        (void) disconnect_network(runtime, pod, NULL); /* the first error counts */
        unpin(runtime, pod);
        return false;
}

bool pod_start(Runtime *runtime, Pod *pod, GError **error) {
        autofd int lock_fd = lock(runtime, pod, error);
        if (lock_fd < 0)
                return false;
        if (pod_is_started(runtime->records, pod) || start(runtime, pod, error))
                return true;
        g_prefix_error(error, "starting pod %s: ", pod->name);
        return false;
}

bool pod_stop(Runtime *runtime, Pod *pod, GError **error) {
        autofd int lock_fd = lock(runtime, pod, error);
        if (lock_fd < 0 || !disconnect_network(runtime, pod, error))
                return false;
        unpin(runtime, pod);
        return pod_save(runtime->records, pod, error);
}

bool pod_start_of(Runtime *runtime, const ContainerRecord *record, GError **error) {
        g_autoptr(Pod) pod = NULL;
        if (!record->pod)
                return true;
        pod = pod_find(runtime->records, record->pod, error);
        return pod && pod_start(runtime, pod, error);
}
