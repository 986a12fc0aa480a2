/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "network/address.h"

static void
assert_subnet(const char *text, const char *shown, const char *first, const char *last) {
        IpSubnet subnet;
        g_assert_true(subnet_parse(text, &subnet));
        g_autofree char *formatted = subnet_format(&subnet);
        g_assert_cmpstr(formatted, ==, shown);
        IpAddress a = subnet_first(&subnet), b = subnet_last(&subnet);
        g_autofree char *first_text = ip_format(&a);
        g_autofree char *last_text = ip_format(&b);
        g_assert_cmpstr(first_text, ==, first);
        g_assert_cmpstr(last_text, ==, last);
}

static void test_subnets(void) {
        assert_subnet("10.88.7.9/16", "10.88.0.0/16", "10.88.0.1", "10.88.255.254");
        assert_subnet("10.0.0.0/30", "10.0.0.0/30", "10.0.0.1", "10.0.0.2");
        assert_subnet("10.0.0.0/31", "10.0.0.0/31", "10.0.0.0", "10.0.0.1");
        assert_subnet("10.0.0.7/32", "10.0.0.7/32", "10.0.0.7", "10.0.0.7");
        assert_subnet("fd00::5/64", "fd00::/64", "fd00::1", "fd00::ffff:ffff:ffff:ffff");
        static const char *const bad[] = { "",           "10.0.0.0",  "10.0.0.0/33", "10.0.0/8",
                                           "fd00::/129", "10.0.0.0/", "10.0.0.0/-1", "x/8" };
        IpSubnet subnet;
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                g_assert_false(subnet_parse(bad[i], &subnet));
}

static void test_contains(void) {
        IpSubnet wide, narrow, other, v6;
        IpAddress inside, outside;
        g_assert_true(subnet_parse("10.88.0.0/16", &wide) && subnet_parse("10.88.3.0/24", &narrow));
        g_assert_true(subnet_parse("10.89.0.0/16", &other) && subnet_parse("::/0", &v6));
        g_assert_true(ip_parse("10.88.255.255", &inside) && ip_parse("10.87.0.1", &outside));
        g_assert_true(subnet_contains(&wide, &inside));
        g_assert_false(subnet_contains(&wide, &outside));
        g_assert_false(subnet_contains(&v6, &inside));
        g_assert_true(subnet_overlaps(&wide, &narrow) && subnet_overlaps(&narrow, &wide));
        g_assert_false(subnet_overlaps(&wide, &other));
}

static void assert_sum(const char *from, int step, const char *to) {
        IpAddress address;
        g_assert_true(ip_parse(from, &address));
        IpAddress sum = ip_add(address, step);
        g_autofree char *text = ip_format(&sum);
        g_assert_cmpstr(text, ==, to);
}

static void test_add(void) {
        assert_sum("10.0.0.255", 1, "10.0.1.0");
        assert_sum("10.0.1.0", -1, "10.0.0.255");
        assert_sum("10.0.0.0", 256, "10.0.1.0");
        assert_sum("10.0.0.200", 1000, "10.0.4.176");
        assert_sum("255.255.255.255", 1, "0.0.0.0");
        assert_sum("fd00::ffff", 1, "fd00::1:0");
        assert_sum("10.88.0.0", 65536, "10.89.0.0");
}

static void test_mac(void) {
        MacAddress mac;
        g_assert_true(mac_parse("02:Aa:00:00:00:ff", &mac));
        g_autofree char *text = mac_format(&mac);
        g_assert_cmpstr(text, ==, "02:aa:00:00:00:ff");
        g_assert_true(mac_parse("02-aa-00-00-00-ff", &mac));
        static const char *const bad[] = { "",
                                           "zz",
                                           "02:aa:00:00:00",
                                           "02:aa:00:00:00:ff:",
                                           "02:aa:00-00:00:ff",
                                           "0x:aa:00:00:00:ff" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                g_assert_false(mac_parse(bad[i], &mac));
        IpAddress address;
        g_assert_true(ip_parse("10.88.1.255", &address));
        MacAddress derived = mac_of_address(&address);
        g_autofree char *shown = mac_format(&derived);
        g_assert_cmpstr(shown, ==, "02:be:0a:58:01:ff");
        MacAddress a = mac_random(), b = mac_random();
        g_assert_cmpint(a.bytes[0] & 3, ==, 2); /* local, unicast */
        g_assert_cmpmem(&a, sizeof a, &a, sizeof a);
        g_assert_true(memcmp(&a, &b, sizeof a) != 0);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/network/address/subnets", test_subnets);
        g_test_add_func("/network/address/contains", test_contains);
        g_test_add_func("/network/address/add", test_add);
        g_test_add_func("/network/address/mac", test_mac);
        return g_test_run();
}
