/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "network/lease.h"

static Network *make_network(const char *subnet, const char *gateway) {
        Network *network = network_new();
        NetworkSubnet s = { 0 };
        g_assert_true(subnet_parse(subnet, &s.subnet) && ip_parse(gateway, &s.gateway));
        network->name = g_strdup("n");
        network->driver = g_strdup("bridge");
        g_array_append_val(network->subnets, s);
        return network;
}

static Lease *make_lease(const char *id, pid_t pid) {
        Lease *lease = lease_new();
        lease->id = g_strdup(id);
        lease->owner.pid = pid;
        lease->owner.start_ticks = process_start_ticks(pid);
        lease->interface = g_strdup("eth0");
        lease->mac = mac_random();
        return lease;
}

static bool
give(Leases *leases, const Network *network, const char *id, const GArray *wanted, GError **error) {
        Lease *lease = make_lease(id, getpid());
        if (!leases_allocate(leases, network, wanted, false, lease, error)) {
                lease_free(lease);
                return false;
        }
        g_ptr_array_add(leases->items, lease);
        return true;
}

static void assert_last(const Leases *leases, const char *expected) {
        const Lease *lease = leases->items->pdata[leases->items->len - 1];
        g_autofree char *text = ip_format(&g_array_index(lease->addresses, IpAddress, 0));
        g_assert_cmpstr(text, ==, expected);
}

static char *make_directory(void) {
        g_autoptr(GError) error = NULL;
        char *directory = g_dir_make_tmp("berth-lease-XXXXXX", &error);
        g_assert_no_error(error);
        return directory;
}

static void drop_directory(const char *directory) {
        g_assert_true(file_remove_tree(AT_FDCWD, directory, NULL));
}

static void test_goes_round(void) {
        g_autofree char *directory = make_directory();
        g_autoptr(Network) network = make_network("10.0.0.0/29", "10.0.0.1");
        g_autoptr(GError) error = NULL;
        g_autoptr(Leases) leases = leases_lock(directory, "n", &error);
        g_assert_no_error(error);
        static const char *const expected[] = { "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5",
                                                "10.0.0.6" };
        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
                g_assert_true(give(leases, network, "a", NULL, &error));
                assert_last(leases, expected[i]);
        }
        g_assert_false(give(leases, network, "b", NULL, &error));
        g_assert_error(error, ERROR_ERRNO, ENOSPC);
        g_clear_error(&error);
        g_ptr_array_remove_index(leases->items, 1);
        g_assert_true(give(leases, network, "c", NULL, &error));
        assert_last(leases, "10.0.0.3");
        drop_directory(directory);
}

static void test_wanted(void) {
        g_autofree char *directory = make_directory();
        g_autoptr(Network) network = make_network("10.0.0.0/24", "10.0.0.1");
        g_autoptr(GError) error = NULL;
        g_autoptr(Leases) leases = leases_lock(directory, "n", &error);
        static const struct {
                const char *address;
                int code; /* 0: given */
        } cases[] = { { "10.0.0.77", 0 },
                      { "10.0.0.77", EADDRINUSE },
                      { "10.0.0.1", EINVAL },
                      { "10.0.1.1", EINVAL } };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GArray) wanted = g_array_new(FALSE, TRUE, sizeof(IpAddress));
                IpAddress address;
                g_assert_true(ip_parse(cases[i].address, &address));
                g_array_append_val(wanted, address);
                g_assert_cmpint(give(leases, network, "a", wanted, &error), ==, cases[i].code == 0);
                if (cases[i].code)
                        g_assert_error(error, ERROR_ERRNO, cases[i].code);
                g_clear_error(&error);
        }
        assert_last(leases, "10.0.0.77");
        drop_directory(directory);
}

static void test_file(void) {
        g_autofree char *directory = make_directory();
        g_autoptr(Network) network = make_network("10.0.0.0/24", "10.0.0.1");
        g_autoptr(GError) error = NULL;
        PortMapping m = {
                .host_port = 8080, .container_port = 80, .count = 3, .protocol = IPPROTO_UDP
        };
        g_assert_true(ip_parse("fd00::1", &m.host));
        {
                g_autoptr(Leases) leases = leases_lock(directory, "n", &error);
                g_assert_true(give(leases, network, "abc", NULL, &error));
                Lease *lease = leases->items->pdata[0];
                g_array_append_val(lease->ports, m);
                g_ptr_array_add(lease->names, g_strdup("web"));
                g_ptr_array_add(lease->names, g_strdup("nick"));
                g_assert_true(leases_save(leases, &error));
        }
        g_autoptr(Leases) again = leases_read(directory, "n", &error);
        g_assert_no_error(error);
        g_assert_cmpuint(again->items->len, ==, 1);
        const Lease *lease = leases_find(again, "abc", "eth0");
        g_assert_nonnull(lease);
        g_assert_null(leases_find(again, "abc", "eth1"));
        g_assert_cmpint(lease->owner.pid, ==, getpid());
        g_assert_cmpuint(lease->names->len, ==, 2);
        g_assert_cmpuint(lease->dns->len, ==, 0);
        const PortMapping *back = &g_array_index(lease->ports, PortMapping, 0);
        g_assert_cmpint(ip_compare(&back->host, &m.host), ==, 0);
        g_assert_cmpuint(back->host_port, ==, 8080);
        g_assert_cmpuint(back->container_port, ==, 80);
        g_assert_cmpuint(back->count, ==, 3);
        g_assert_cmpint(back->protocol, ==, IPPROTO_UDP);
        g_auto(GStrv) names = leases_networks(directory);
        g_assert_cmpstr(names[0], ==, "n");
        g_assert_null(names[1]);
        drop_directory(directory);
}

static void test_void(void) {
        g_autofree char *directory = make_directory();
        g_autoptr(GError) error = NULL;
        g_autoptr(Leases) leases = leases_lock(directory, "n", &error);
        pid_t pid = fork();
        if (pid == 0)
                for (;;)
                        pause();
        g_ptr_array_add(leases->items, make_lease("child", pid));
        g_ptr_array_add(leases->items, make_lease("self", getpid()));
        Lease *reused = make_lease("reused", getpid());
        reused->owner.start_ticks--; /* the pid is now another process's */
        g_ptr_array_add(leases->items, reused);
        g_autoptr(GPtrArray) none = leases_take_void(leases, false);
        g_assert_cmpuint(none->len, ==, 0);
        g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        g_autoptr(GPtrArray) gone = leases_take_void(leases, false);
        g_assert_cmpuint(gone->len, ==, 1);
        g_assert_cmpstr(((Lease *) gone->pdata[0])->id, ==, "child");
        g_autoptr(GPtrArray) strict = leases_take_void(leases, true);
        g_assert_cmpuint(strict->len, ==, 1);
        g_assert_cmpstr(((Lease *) strict->pdata[0])->id, ==, "reused");
        g_assert_nonnull(leases_find(leases, "self", NULL));
        drop_directory(directory);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/network/lease/addresses-go-round", test_goes_round);
        g_test_add_func("/network/lease/wanted-addresses", test_wanted);
        g_test_add_func("/network/lease/file-keeps-everything", test_file);
        g_test_add_func("/network/lease/void-with-its-owner", test_void);
        return g_test_run();
}
