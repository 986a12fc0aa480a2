/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "network/hosts.h"

static NetworkRequest *request_of(const char *mode, const char *add_host, const char *dns) {
        g_autoptr(GPtrArray) network = g_ptr_array_new(), hosts = g_ptr_array_new();
        g_autoptr(GPtrArray) servers = g_ptr_array_new();
        g_autoptr(GError) error = NULL;
        g_ptr_array_add(network, (char *) mode);
        if (add_host)
                g_ptr_array_add(hosts, (char *) add_host);
        if (dns)
                g_ptr_array_add(servers, (char *) dns);
        const NetworkFlags flags = {
                .network = network,
                .add_hosts = hosts,
                .dns = servers,
                .default_network = "podman",
        };
        NetworkRequest *request = network_request_from_flags(&flags, &error);
        g_assert_no_error(error);
        return request;
}

static NetworkStatus *status_of(const char *address, const char *gateway, const char *server) {
        NetworkStatus *status = network_status_new();
        NetworkInterface *interface = network_interface_new();
        NetworkAddress a = { .prefix = 16 };
        g_assert_true(ip_parse(address, &a.address) && ip_parse(gateway, &a.gateway));
        interface->network = g_strdup("n");
        interface->name = g_strdup("eth0");
        g_array_append_val(interface->addresses, a);
        if (server)
                interface->name_servers = g_strsplit(server, " ", -1);
        g_ptr_array_add(status->interfaces, interface);
        return status;
}

static void test_hosts(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ContainersConf) conf = containers_conf_load(&error);
        g_assert_no_error(error);
        g_autoptr(NetworkRequest) request = request_of("n", "db;cache:host-gateway", NULL);
        g_autoptr(NetworkStatus) status = status_of("10.88.0.2", "10.88.0.1", NULL);
        const HostsRequest hosts = {
                .request = request,
                .status = status,
                .conf = conf,
                .hostname = "inside",
                .name = "web",
                .inherited = "127.0.0.1 localhost # a comment\n192.0.2.7 db other\n",
        };
        g_autofree char *text = hosts_format(&hosts, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(text, ==,
                        "10.88.0.1\tdb cache\n"
                        "127.0.0.1\tlocalhost\n"
                        "192.0.2.7\tother\n"
                        "10.88.0.1\thost.containers.internal host.docker.internal\n"
                        "10.88.0.2\tinside web\n");
}

static void test_gateway_needs_a_network(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ContainersConf) conf = containers_conf_load(&error);
        g_autoptr(NetworkRequest) request = request_of("none", "gw:host-gateway", NULL);
        const HostsRequest hosts = {
                .request = request, .conf = conf, .hostname = "h", .name = "n", .inherited = ""
        };
        g_autofree char *text = hosts_format(&hosts, &error);
        g_assert_null(text);
        g_assert_nonnull(strstr(error->message, "host-gateway"));
}

static const char host[] = "# the host's\nnameserver 127.0.0.53\nnameserver 192.0.2.53\n"
                           "search example.org\noptions edns0\n";

static void
assert_resolv(const char *mode,
              const char *dns,
              const NetworkStatus *status,
              const char *expected) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ContainersConf) conf = containers_conf_load(&error);
        g_autoptr(NetworkRequest) request = request_of(mode, NULL, dns);
        g_autofree char *text = resolv_format(request, status, conf, host);
        g_assert_cmpstr(text, ==, expected);
}

static void test_resolv(void) {
        g_autoptr(NetworkStatus) plain = status_of("10.88.0.2", "10.88.0.1", NULL);
        g_autoptr(NetworkStatus) named = status_of("10.89.0.2", "10.89.0.1", "10.89.0.1");
        assert_resolv("n", NULL, plain,
                      "search example.org\nnameserver 192.0.2.53\noptions edns0\n");
        assert_resolv("n", NULL, named,
                      "search dns.podman example.org\nnameserver 10.89.0.1\noptions edns0\n");
        assert_resolv("n", "192.0.2.9", plain,
                      "search example.org\nnameserver 192.0.2.9\noptions edns0\n");
        assert_resolv("host", NULL, NULL,
                      "search example.org\nnameserver 127.0.0.53\nnameserver 192.0.2.53\n"
                      "options edns0\n");
        assert_resolv("none", NULL, NULL, NULL);
        assert_resolv("n", "none", plain, NULL);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        /* not this host's own settings */
        g_autofree char *empty = NULL;
        int fd = g_file_open_tmp("berth-conf-XXXXXX", &empty, NULL);
        g_assert_cmpint(fd, >=, 0);
        (void) close(fd);
        g_setenv("CONTAINERS_CONF", empty, TRUE);
        g_test_add_func("/network/hosts/order-and-precedence", test_hosts);
        g_test_add_func("/network/hosts/host-gateway-needs-a-network",
                        test_gateway_needs_a_network);
        g_test_add_func("/network/hosts/resolver", test_resolv);
        int status = g_test_run();
        (void) unlink(empty);
        return status;
}
