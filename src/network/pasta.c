/* SPDX-License-Identifier: Apache-2.0 */
/* pasta's command line, as Podman gives it. */
#include "network/pasta.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

#define PROGRAM        "pasta"
#define REPLY_SIZE_MAX 65536

/* "-t 127.0.0.1/8000-8002:80-82" */
static void add_ports(GStrvBuilder *argv, const GArray *ports, int protocol, const char *flag) {
        bool any = false;
        for (guint i = 0; i < ports->len; i++) {
                const PortMapping *m = &g_array_index(ports, PortMapping, i);
                if (m->protocol != protocol)
                        continue;
                g_autofree char *host = ip_format(&m->host);
                g_autofree char *text = g_strdup_printf(
                                "%s%s%u-%u:%u-%u", host, *host ? "/" : "", m->host_port,
                                m->host_port + m->count - 1, m->container_port,
                                m->container_port + m->count - 1);
                g_strv_builder_add_many(argv, flag, text, NULL);
                any = true;
        }
        if (!any)
                g_strv_builder_add_many(argv, flag, "none", NULL);
}

static bool has_flag(char *const *words, const char *a, const char *b) {
        for (; words && *words; words++)
                if (strcmp(*words, a) == 0 || strcmp(*words, b) == 0)
                        return true;
        return false;
}

static char **
command_line(const ContainersConf *conf,
             const NetworkRequest *request,
             const char *program,
             const char *ns_path,
             const char *pid_path) {
        g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
        g_auto(GStrv) given = g_strsplit(request->target ? request->target : "", ",", -1);
        g_strv_builder_add_many(argv, program, "--config-net", NULL);
        g_strv_builder_addv(
                        argv,
                        (const char **) (conf->pasta_options ? conf->pasta_options : (char *[]){ NULL }));
        for (char **word = given; *word; word++)
                if (**word)
                        g_strv_builder_add(argv, *word);
        if (request->ports->len > 0 || !has_flag(given, "-t", "--tcp-ports"))
                add_ports(argv, request->ports, IPPROTO_TCP, "-t");
        if (request->ports->len > 0 || !has_flag(given, "-u", "--udp-ports"))
                add_ports(argv, request->ports, IPPROTO_UDP, "-u");
        if (!has_flag(given, "-T", "--tcp-ns"))
                g_strv_builder_add_many(argv, "-T", "none", NULL);
        if (!has_flag(given, "-U", "--udp-ns"))
                g_strv_builder_add_many(argv, "-U", "none", NULL);
        if (!has_flag(given, "--dns-forward", ""))
                g_strv_builder_add_many(argv, "--dns-forward", PASTA_DNS_ADDRESS, NULL);
        if (!has_flag(given, "--map-gw", ""))
                g_strv_builder_add(argv, "--no-map-gw");
        g_strv_builder_add_many(argv, "--quiet", "--pid", pid_path, "--netns", ns_path, NULL);
        return g_strv_builder_end(argv);
}

bool pasta_start(
                const ContainersConf *conf,
                const NetworkRequest *request,
                const char *ns_path,
                const char *pid_path,
                GError **error) {
        g_autofree char *program = containers_conf_find_helper(conf, PROGRAM);
        if (!program)
                return error_set_invalid(
                                error, "Cannot find pasta, which the network of this container "
                                       "needs: install the package passt, or use --network=none");
        for (guint i = 0; i < request->ports->len; i++)
                if (g_array_index(request->ports, PortMapping, i).protocol == IPPROTO_SCTP)
                        return error_set_invalid(error, "pasta does not publish SCTP ports");
        g_auto(GStrv) argv = command_line(conf, request, program, ns_path, pid_path);
        g_autofree char *reply = NULL;
        int status;
        if (!process_converse(
                            (const char *const *) argv, NULL, "", REPLY_SIZE_MAX, &reply, &status,
                            error))
                return false;
        /* its own words are on standard error */
        return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
               error_set_invalid(
                               error,
                               "pasta failed with exit code %d, see its message; is a port "
                               "taken?",
                               WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

bool pasta_maps_host(const ContainersConf *conf) {
        g_autofree char *program = containers_conf_find_helper(conf, PROGRAM);
        g_autofree char *words = NULL;
        const char *const argv[] = { program, "--help", NULL };
        int status;
        return program && process_converse(argv, NULL, "", REPLY_SIZE_MAX, &words, &status, NULL) &&
               strstr(words, "--map-guest-addr");
}

void pasta_stop(const char *pid_path) {
        g_autofree char *text = NULL;
        uint64_t pid;
        if (!file_read_text(AT_FDCWD, pid_path, 64, &text, NULL) ||
            !text_parse_uint64(g_strstrip(text), INT32_MAX, &pid) || pid < 2)
                return;
        g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int) pid);
        g_autofree char *comm = NULL;
        if (file_read_text(AT_FDCWD, path, 64, &comm, NULL) &&
            (g_str_has_prefix(comm, PROGRAM) || g_str_has_prefix(comm, "passt"))) /* passt.avx2 */
                (void) kill((pid_t) pid, SIGTERM); /* gone meanwhile is as good */
        (void) unlink(pid_path);
}

/* Nothing is sent: connect(2) on a datagram socket only looks up the route. */
char *pasta_address(void) {
        autofd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(9) };
        address.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1, RFC 5737 */
        socklen_t size = sizeof address;
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof address) < 0 ||
            getsockname(fd, (struct sockaddr *) &address, &size) < 0)
                return g_strdup("");
        IpAddress own = { .family = AF_INET };
        memcpy(own.bytes, &address.sin_addr, 4);
        return ip_format(&own);
}
