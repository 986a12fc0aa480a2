/* SPDX-License-Identifier: Apache-2.0 */
/* The unit's side. The holder is forked from us, waits in the namespaces and does nothing; the
 * manager ends it with the unit. pasta daemonizes when it is ready, which with Type=forking makes
 * it the main process. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/user.h"
#include "network/dns.h"
#include "network/namespace.h"
#include "network/netlink.h"
#include "network/pasta.h"
#include "network/publish.h"
#include "runtime/network.h"
#include "runtime/rootless-network.h"
#include "runtime/rootless.h"
#include "systemd/notify.h"

/* What a new network namespace needs before bridges come into it. */
static bool prepare(GError **error) {
        g_autoptr(Netlink) nl = netlink_open(error);
        return nl && netlink_link_up(nl, 1, error) && /* lo, of every namespace */
               namespace_sysctl("ipv4/ip_forward", "1", error) &&
               netlink_deliver_marked(nl, AF_INET, PUBLISH_REPLY_MARK, error) &&
               netlink_deliver_marked(nl, AF_INET6, PUBLISH_REPLY_MARK, error);
}

/* Never returns. Its words to the other end are an error's; none: it stands. */
static void hold(int kept_fd, int word_fd) {
        g_autoptr(GError) error = NULL;
        int r = kept_fd >= 0 ? setns(kept_fd, CLONE_NEWNET) : unshare(CLONE_NEWNET);
        bool ok = r < 0 ? error_set_errno(&error, errno, "Cannot make a network namespace")
                        : kept_fd >= 0 || prepare(&error);
        if (!ok) {
                (void) fd_write_all(word_fd, error->message, strlen(error->message));
                _exit(1);
        }
        (void) prctl(PR_SET_NAME, "berth-netns");
        (void) close(word_fd);
        for (;;)
                (void) pause();
}

static pid_t start_holder(int kept_fd, GError **error) {
        int ends[2];
        char words[512];
        if (pipe2(ends, O_CLOEXEC) < 0) {
                error_set_errno(error, errno, "Cannot make a pipe");
                return -1;
        }
        pid_t pid = fork();
        if (pid == 0) {
                (void) close(ends[0]);
                hold(kept_fd, ends[1]);
        }
        autofd int read_fd = ends[0];
        (void) close(ends[1]);
        ssize_t n = pid < 0 ? -errno : fd_read_full(read_fd, words, sizeof words - 1);
        if (n == 0)
                return pid;
        words[MAX(n, 0)] = '\0';
        error_set_invalid(error, "%s", n < 0 ? g_strerror((int) -n) : words);
        return -1;
}

static bool write_file(const char *directory, const char *name, const char *text, GError **error) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        return file_replace(AT_FDCWD, path, text, strlen(text), 0600, FILE_VOLATILE, error);
}

static bool keep(pid_t pid, const char *name, GError **error) {
        g_autofree char *path = g_strdup_printf("/proc/%d/ns/%s", (int) pid, name);
        autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", path);
        return notify_keep_fd(name, fd, error);
}

/* pasta gives up the capability to look into another process' /proc/PID/ns before it would: it gets
 * a mount of our own mount namespace, which is then its, too. */
static bool pin(pid_t pid, const char *path, GError **error) {
        g_autofree char *source = g_strdup_printf("/proc/%d/ns/net", (int) pid);
        autofd int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
        return (fd >= 0 && mount(source, path, NULL, MS_BIND, NULL) == 0) ||
               error_set_errno(error, errno, "Cannot mount '%s' on '%s'", source, path);
}

bool rootless_network_hold(Runtime *runtime, GError **error) {
        if (user_is_root())
                return error_set_invalid(
                                error, "network hold is for the service manager of an "
                                       "unprivileged user: root's bridges are the host's");
        g_autofree char *directory = rootless_network_directory();
        g_autoptr(NetworkRequest) request = network_request_new(); /* no ports, no options */
        autofd int user_fd = notify_take_kept_fd("user");
        autofd int net_fd = notify_take_kept_fd("net");
        bool again = user_fd >= 0 && net_fd >= 0;
        if (!runtime_networks(runtime, error) ||
            !file_make_directories(AT_FDCWD, directory, 0700, error) ||
            !(again ? rootless_join(user_fd, error) : rootless_enter(error)))
                return false;
        if (!again)
                dns_reset(runtime->networks); /* of namespaces that went without a word */
        bool maps_host = pasta_maps_host(networks_conf(runtime->networks));
        if (maps_host)
                request->target = g_strdup("--map-guest-addr," PASTA_HOST_ADDRESS);
        pid_t pid = start_holder(again ? net_fd : -1, error);
        if (pid < 0)
                return false;
        g_autofree char *holder = g_strdup_printf(
                        "%d %" G_GUINT64_FORMAT, (int) pid, (guint64) process_start_ticks(pid));
        g_autofree char *ns_path = g_build_filename(directory, "netns", NULL);
        g_autofree char *pid_path = g_build_filename(directory, "pasta.pid", NULL);
        return (again || (keep(pid, "user", error) && keep(pid, "net", error))) &&
               write_file(directory, "resolv.conf", "nameserver " PASTA_DNS_ADDRESS "\n", error) &&
               write_file(directory, "host", maps_host ? PASTA_HOST_ADDRESS : "", error) &&
               pin(pid, ns_path, error) &&
               pasta_start(networks_conf(runtime->networks), request, ns_path, pid_path, error) &&
               write_file(directory, "holder", holder, error);
}
