/* SPDX-License-Identifier: Apache-2.0 */
/* slirp4netns' command line, as Podman gives it, and its control socket. */
#include "network/slirp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "network/port.h"

#define PROGRAM        "slirp4netns"
#define SUBNET_DEFAULT "10.0.2.0/24"
#define PREFIX_MAX     25 /* its own limit */
#define MTU_DEFAULT    65520
#define MTU_MAX        65521
#define READY_FD       3
#define EXIT_FD        4
#define REPLY_SIZE_MAX 65536

extern char **environ;

void slirp_options_clear(SlirpOptions *options) {
        g_clear_pointer(&options->outbound_addr, g_free);
        g_clear_pointer(&options->outbound_addr6, g_free);
}

static bool parse_bool(const char *key, const char *value, bool *ret_value, GError **error) {
        *ret_value = strcmp(value, "true") == 0;
        return *ret_value || strcmp(value, "false") == 0 ||
               error_set_invalid(
                               error,
                               "invalid value of %s for slirp4netns: '%s', use true or "
                               "false",
                               key, value);
}

static bool apply(SlirpOptions *o, const char *key, const char *value, GError **error) {
        uint64_t number;
        if (strcmp(key, "allow_host_loopback") == 0)
                return parse_bool(key, value, &o->allow_host_loopback, error);
        if (strcmp(key, "enable_ipv6") == 0)
                return parse_bool(key, value, &o->enable_ipv6, error);
        if (strcmp(key, "mtu") == 0) {
                if (!text_parse_uint64(value, MTU_MAX, &number) || number == 0)
                        return error_set_invalid(
                                        error, "invalid mtu \"%s\" for slirp4netns", value);
                o->mtu = (unsigned int) number;
                return true;
        }
        if (strcmp(key, "cidr") == 0)
                return (subnet_parse(value, &o->subnet) && o->subnet.address.family == AF_INET &&
                        o->subnet.prefix <= PREFIX_MAX) ||
                       error_set_invalid(
                                       error,
                                       "invalid cidr \"%s\" for slirp4netns: an IPv4 subnet of at "
                                       "most /%d",
                                       value, PREFIX_MAX);
        if (strcmp(key, "outbound_addr") == 0 || strcmp(key, "outbound_addr6") == 0) {
                char **at = key[strlen(key) - 1] == '6' ? &o->outbound_addr6 : &o->outbound_addr;
                g_free(*at);
                *at = g_strdup(value);
                return true;
        }
        if (strcmp(key, "port_handler") == 0) {
                o->forwards_ports = strcmp(value, PROGRAM) == 0;
                return o->forwards_ports || strcmp(value, "rootlesskit") == 0 ||
                       error_set_invalid(
                                       error, "unknown port_handler for slirp4netns: \"%s\"",
                                       value);
        }
        return error_set_invalid(error, "unknown option for slirp4netns: \"%s=%s\"", key, value);
}

bool slirp_options_parse(const char *text, SlirpOptions *ret_options, GError **error) {
        g_auto(SlirpOptions) options = { .mtu = MTU_DEFAULT, .enable_ipv6 = true };
        g_auto(GStrv) words = g_strsplit(text ? text : "", ",", -1);
        g_assert(subnet_parse(SUBNET_DEFAULT, &options.subnet));
        for (char **word = words; *word; word++) {
                g_auto(GStrv) pair = g_strsplit(*word, "=", 2);
                if (!**word)
                        continue;
                if (!pair[1])
                        return error_set_invalid(
                                        error, "unknown option for slirp4netns: \"%s\"", *word);
                if (!apply(&options, pair[0], pair[1], error))
                        return false;
        }
        *ret_options = options;
        options = (SlirpOptions){ 0 };
        return true;
}

static IpAddress host_of(const SlirpOptions *options, int number) {
        IpAddress address = options->subnet.address;
        for (int i = 0; i < number; i++)
                address = ip_add(address, 1);
        return address;
}

IpAddress slirp_address(const SlirpOptions *options) {
        return host_of(options, 100);
}

IpAddress slirp_gateway(const SlirpOptions *options) {
        return host_of(options, 2);
}

IpAddress slirp_resolver(const SlirpOptions *options) {
        return host_of(options, 3);
}

static char **
command_line(const char *program,
             const SlirpOptions *options,
             const char *ns_path,
             const char *api_path) {
        g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
        g_autofree char *mtu = g_strdup_printf("--mtu=%u", options->mtu);
        g_autofree char *subnet = subnet_format(&options->subnet);
        g_autofree char *cidr = g_strconcat("--cidr=", subnet, NULL);
        g_strv_builder_add_many(
                        argv, program, "--enable-sandbox", "--enable-seccomp", "-c", "-r",
                        G_STRINGIFY(READY_FD), "-e", G_STRINGIFY(EXIT_FD), mtu, cidr, NULL);
        if (!options->allow_host_loopback)
                g_strv_builder_add(argv, "--disable-host-loopback");
        if (options->enable_ipv6)
                g_strv_builder_add(argv, "--enable-ipv6");
        const char *const sources[][2] = { { "--outbound-addr=", options->outbound_addr },
                                           { "--outbound-addr6=", options->outbound_addr6 } };
        for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
                g_autofree char *word = g_strconcat(sources[i][0], sources[i][1], NULL);
                if (sources[i][1])
                        g_strv_builder_add(argv, word);
        }
        if (options->forwards_ports)
                g_strv_builder_add_many(argv, "--api-socket", api_path, NULL);
        g_strv_builder_add_many(argv, "--netns-type=path", ns_path, "tap0", NULL);
        return g_strv_builder_end(argv);
}

static int run(char *const *argv, int ready_fd, int exit_fd, int words_fd, pid_t *ret_pid) {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t all, none;
        sigfillset(&all);
        sigemptyset(&none);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setpgroup(&attributes, 0); /* a terminal's SIGINT is the payload's */
        posix_spawnattr_setflags(
                        &attributes,
                        POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_RDWR, 0);
        posix_spawn_file_actions_adddup2(&actions, words_fd, 2);
        posix_spawn_file_actions_adddup2(&actions, ready_fd, READY_FD);
        posix_spawn_file_actions_adddup2(&actions, exit_fd, EXIT_FD);
        posix_spawn_file_actions_addclosefrom_np(&actions, EXIT_FD + 1);
        int r = posix_spawnp(ret_pid, argv[0], &actions, &attributes, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        return -r;
}

static bool fail(int words_fd, GError **error) {
        char words[1024];
        ssize_t n = lseek(words_fd, 0, SEEK_SET) < 0
                                    ? -errno
                                    : fd_read_full(words_fd, words, sizeof words - 1);
        words[MAX(n, 0)] = '\0';
        return error_set_invalid(error, "slirp4netns failed: %s", g_strstrip(words));
}

/* One request and its answer: {"return": …} or {"error": {"desc": …}}. */
static bool ask(const char *api_path, JsonObject *request, GError **error) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (strlen(api_path) >= sizeof address.sun_path)
                return error_set_errno(error, ENAMETOOLONG, "Cannot connect to '%s'", api_path);
        strcpy(address.sun_path, api_path);
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof address) < 0)
                return error_set_errno(error, errno, "Cannot connect to '%s'", api_path);
        g_autofree char *text = json_format_object(request, false);
        g_autofree char *answer = g_malloc(REPLY_SIZE_MAX);
        int r = fd_write_all(fd, text, strlen(text));
        if (r >= 0 && shutdown(fd, SHUT_WR) < 0)
                r = -errno;
        ssize_t n = r < 0 ? r : fd_read_full(fd, answer, REPLY_SIZE_MAX);
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object, *failure;
        const char *words = NULL;
        if (n < 0)
                return error_set_errno(error, (int) n, "Cannot ask slirp4netns");
        if (!json_parse_object(
                            answer, (size_t) n, REPLY_SIZE_MAX, "slirp4netns", &root, &object,
                            error) ||
            !json_get_object(object, "error", &failure, error) ||
            (failure && !json_get_string(failure, "desc", &words, error)))
                return false;
        return !failure || error_set_invalid(
                                           error, "slirp4netns cannot publish a port: %s",
                                           words ? words : "no reason given");
}

static bool
publish(const SlirpOptions *options, const GArray *ports, const char *api, GError **error) {
        const IpAddress own = slirp_address(options);
        g_autofree char *guest = ip_format(&own);
        for (guint i = 0; i < ports->len; i++) {
                const PortMapping *m = &g_array_index(ports, PortMapping, i);
                if (m->protocol == IPPROTO_SCTP)
                        return error_set_invalid(error, "slirp4netns does not publish SCTP ports");
                for (unsigned int step = 0; step < m->count; step++) {
                        g_autoptr(JsonObject) request = json_object_new();
                        JsonObject *arguments = json_object_new();
                        g_autofree char *host = ip_format(&m->host);
                        json_object_set_string_member(request, "execute", "add_hostfwd");
                        json_object_set_object_member(request, "arguments", arguments);
                        json_object_set_string_member(
                                        arguments, "proto", port_protocol_to_text(m->protocol));
                        json_object_set_string_member(
                                        arguments, "host_addr", *host ? host : "0.0.0.0");
                        json_object_set_int_member(arguments, "host_port", m->host_port + step);
                        json_object_set_string_member(arguments, "guest_addr", guest);
                        json_object_set_int_member(
                                        arguments, "guest_port", m->container_port + step);
                        if (!ask(api, request, error))
                                return false;
                }
        }
        return true;
}

bool slirp_start(
                const ContainersConf *conf,
                const SlirpOptions *options,
                const GArray *ports,
                const char *ns_path,
                const char *pid_path,
                const char *api_path,
                int *ret_exit_fd,
                GError **error) {
        g_autofree char *program = containers_conf_find_helper(conf, PROGRAM);
        if (!program)
                return error_set_invalid(
                                error, "Cannot find slirp4netns, which the network of this "
                                       "container needs: install the package slirp4netns, or use "
                                       "--network=pasta");
        int ready[2], end[2];
        autofd int words_fd = memfd_create("words", MFD_CLOEXEC);
        if (words_fd < 0 || pipe2(ready, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot make a pipe");
        autofd int ready_read = ready[0];
        autofd int ready_write = ready[1];
        if (pipe2(end, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot make a pipe");
        autofd int end_read = end[0];
        autofd int end_write = end[1];
        g_auto(GStrv) argv = command_line(program, options, ns_path, api_path);
        pid_t pid;
        int r = run(argv, ready_write, end_read, words_fd, &pid);
        if (r < 0)
                return error_set_errno(error, r, "Cannot run '%s'", program);
        fd_close(&ready_write);
        char word;
        if (fd_read_full(ready_read, &word, 1) != 1)
                return fail(words_fd, error);
        g_autofree char *text = g_strdup_printf("%d\n", (int) pid);
        if (!file_replace(AT_FDCWD, pid_path, text, strlen(text), 0600, FILE_VOLATILE, error) ||
            (options->forwards_ports && !publish(options, ports, api_path, error)))
                return false;
        *ret_exit_fd = fd_steal(&end_write);
        return true;
}
