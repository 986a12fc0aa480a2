/* SPDX-License-Identifier: Apache-2.0 */
/* A file of aardvark-dns: its first line is "LISTEN,… [UPSTREAM,…]", then one line per container:
 * "ID IPV4,… IPV6,… NAME,… [DNS,…]". Its name is the network's, with "%int" when it is internal.
 * Podman's netavark writes the same files under an exclusive lock on aardvark.lock; ours share that
 * lock among themselves, since each network has its own. */
#include "network/dns.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "base/user.h"

#define DNS_FILE_SIZE_MAX (64u << 20)
#define PROGRAM           "aardvark-dns"

extern char **environ;

static char *find_program(const Networks *networks) {
        return containers_conf_find_helper(networks_conf(networks), PROGRAM);
}

bool dns_is_served(const Networks *networks, const Network *network) {
        if (!network->dns || strcmp(network->driver, "bridge") != 0)
                return false;
        g_autofree char *program = find_program(networks);
        return program;
}

static int take_lock(const Networks *networks, int how, GError **error) {
        g_autofree char *path =
                        g_build_filename(networks_state_dir(networks), "aardvark.lock", NULL);
        if (!file_make_directories(AT_FDCWD, networks_dns_dir(networks), 0755, error))
                return -1;
        autofd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0 || flock(fd, how) < 0) {
                error_set_errno(error, errno, "Cannot lock '%s'", path);
                return -1;
        }
        return fd_steal(&fd);
}

static char *file_path(const Networks *networks, const Network *network) {
        g_autofree char *name = g_strconcat(network->name, network->internal ? "%int" : "", NULL);
        return g_build_filename(networks_dns_dir(networks), name, NULL);
}

static void append_joined(GString *text, GPtrArray *words) {
        for (guint i = 0; i < words->len; i++)
                g_string_append_printf(text, "%s%s", i > 0 ? "," : "", (char *) words->pdata[i]);
}

static char *head_line(const Network *network) {
        g_autoptr(GString) line = g_string_new(NULL);
        for (guint i = 0; i < network->subnets->len; i++) {
                const NetworkSubnet *s = &g_array_index(network->subnets, NetworkSubnet, i);
                g_autofree char *gateway = ip_format(&s->gateway);
                if (*gateway)
                        g_string_append_printf(line, "%s%s", line->len > 0 ? "," : "", gateway);
        }
        for (char **at = network->dns_servers; at && *at; at++)
                g_string_append_printf(line, "%s%s", at == network->dns_servers ? " " : ",", *at);
        g_string_append_c(line, '\n');
        return g_string_free(g_steal_pointer(&line), FALSE);
}

static char *lease_line(const Lease *lease) {
        g_autoptr(GString) line = g_string_new(lease->id);
        static const int families[] = { AF_INET, AF_INET6 };
        for (int f = 0; f < 2; f++) {
                bool first = true;
                g_string_append_c(line, ' ');
                for (guint i = 0; i < lease->addresses->len; i++) {
                        const IpAddress *a = &g_array_index(lease->addresses, IpAddress, i);
                        if (a->family != families[f])
                                continue;
                        g_autofree char *text = ip_format(a);
                        g_string_append_printf(line, "%s%s", first ? "" : ",", text);
                        first = false;
                }
        }
        g_string_append_c(line, ' ');
        append_joined(line, lease->names);
        if (lease->dns->len > 0) {
                g_string_append_c(line, ' ');
                append_joined(line, lease->dns);
        }
        g_string_append_c(line, '\n');
        return g_string_free(g_steal_pointer(&line), FALSE);
}

/* The running server, or -1: its pid file may be of one that is gone, and its pid another's. */
static int find_server(const Networks *networks, pid_t *ret_pid) {
        g_autofree char *path = g_build_filename(networks_dns_dir(networks), "aardvark.pid", NULL);
        g_autofree char *text = NULL;
        uint64_t pid;
        if (!file_read_text(AT_FDCWD, path, 64, &text, NULL) ||
            !text_parse_uint64(g_strstrip(text), INT32_MAX, &pid) || pid == 0)
                return -1;
        g_autofree char *comm_path = g_strdup_printf("/proc/%d/comm", (int) pid);
        g_autofree char *comm = NULL;
        if (!file_read_text(AT_FDCWD, comm_path, 64, &comm, NULL) ||
            !g_str_has_prefix(comm, PROGRAM))
                return -1;
        *ret_pid = (pid_t) pid;
        return 0;
}

void dns_reset(const Networks *networks) {
        pid_t pid;
        if (find_server(networks, &pid) == 0)
                (void) kill(pid, SIGTERM); /* gone meanwhile is as good */
        GDir *dir = g_dir_open(networks_dns_dir(networks), 0, NULL);
        for (const char *name; dir && (name = g_dir_read_name(dir));) {
                g_autofree char *path = g_build_filename(networks_dns_dir(networks), name, NULL);
                (void) unlink(path);
        }
        if (dir)
                g_dir_close(dir);
}

/* Our own scope, so that it does not live in the cgroup of the container that came first. */
static bool start_server(const Networks *networks, GError **error) {
        g_autofree char *program = find_program(networks);
        g_autofree char *port = g_strdup_printf("%d", (int) networks_conf(networks)->dns_bind_port);
        const char *argv[16];
        int n = 0;
        bool systemd = access("/run/systemd/system", F_OK) == 0;
        if (systemd) {
                argv[n++] = "systemd-run";
                argv[n++] = "--quiet";
                argv[n++] = "--scope";
                if (!user_is_root())
                        argv[n++] = "--user";
        }
        argv[n++] = program;
        argv[n++] = "--config";
        argv[n++] = networks_dns_dir(networks);
        argv[n++] = "-p";
        argv[n++] = port;
        argv[n++] = "run";
        argv[n] = NULL;
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_RDWR, 0);
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_RDWR, 0);
        /* it outlives us and must not keep open what our caller waits for */
        posix_spawn_file_actions_addclosefrom_np(&actions, 3);
        /* nor with the signals that a launcher in the foreground holds back: SIGHUP is its word */
        posix_spawnattr_t attributes;
        sigset_t none;
        posix_spawnattr_init(&attributes);
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        pid_t pid;
        int status = 0;
        int r = posix_spawnp(&pid, argv[0], &actions, &attributes, (char **) argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        if (r != 0)
                return error_set_errno(error, r, "Cannot execute '%s'", argv[0]);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                continue;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return error_set_invalid(
                                error,
                                "Cannot start the name server '%s': does something else listen on "
                                "port %s of the bridge?",
                                program, port);
        return true;
}

/* The lock is exclusive while starting: one server per host. */
static bool wake_server(const Networks *networks, int *lock_fd, GError **error) {
        pid_t pid;
        if (find_server(networks, &pid) < 0) {
                if (flock(*lock_fd, LOCK_EX) < 0)
                        return error_set_errno(error, errno, "Cannot lock the name server");
                if (find_server(networks, &pid) < 0)
                        return start_server(networks, error);
        }
        (void) kill(pid, SIGHUP); /* gone meanwhile: the next container starts it again */
        return true;
}

bool dns_add(const Networks *networks, const Network *network, const Lease *lease, GError **error) {
        g_autofree char *path = file_path(networks, network);
        g_autofree char *line = lease_line(lease);
        autofd int lock = take_lock(networks, LOCK_SH, error);
        if (lock < 0)
                return false;
        autofd int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", path);
        g_autofree char *head = lseek(fd, 0, SEEK_END) == 0 ? head_line(network) : g_strdup("");
        g_autofree char *text = g_strconcat(head, line, NULL);
        int r = fd_write_all(fd, text, strlen(text));
        if (r < 0)
                return error_set_errno(error, r, "Cannot write to '%s'", path);
        return wake_server(networks, &lock, error);
}

/* The file without a container's lines; NULL when none was there. *ret_others: some are left. */
static char *without(const char *old, const char *id, bool *ret_others) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_auto(GStrv) lines = g_strsplit(old, "\n", -1);
        bool found = false;
        *ret_others = false;
        for (char **line = lines; *line; line++) {
                if (!**line)
                        continue;
                size_t n = strcspn(*line, " ");
                if (line != lines && strlen(id) == n && strncmp(*line, id, n) == 0) {
                        found = true;
                        continue;
                }
                *ret_others = *ret_others || line != lines;
                g_string_append_printf(text, "%s\n", *line);
        }
        return found ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

bool dns_remove(const Networks *networks, const Network *network, const char *id, GError **error) {
        g_autofree char *path = file_path(networks, network);
        if (access(path, F_OK) < 0)
                return true;
        autofd int lock = take_lock(networks, LOCK_SH, error);
        g_autofree char *old = NULL;
        GError *inner = NULL;
        pid_t pid;
        bool others;
        if (lock < 0)
                return false;
        if (!file_read_text(AT_FDCWD, path, DNS_FILE_SIZE_MAX, &old, &inner)) {
                if (g_error_matches(inner, ERROR_ERRNO, ENOENT)) {
                        g_error_free(inner);
                        return true;
                }
                g_propagate_error(error, inner);
                return false;
        }
        g_autofree char *text = without(old, id, &others);
        if (!text)
                return true;
        if (!others && unlink(path) < 0)
                return error_set_errno(error, errno, "Cannot remove '%s'", path);
        if (others && !file_replace(AT_FDCWD, path, text, strlen(text), 0644, FILE_VOLATILE, error))
                return false;
        if (find_server(networks, &pid) == 0)
                (void) kill(pid, SIGHUP); /* it ends itself when no file is left */
        return true;
}
