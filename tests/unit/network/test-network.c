/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json.h"
#include "network/network.h"

/* As podman 5.4 wrote it. */
static const char file[] =
                "{\"name\":\"n3\",\"id\":"
                "\"ee0f1cb0e842b4085a8980e22d3e642cf9319dfced1fe6ea4a6129029372eee3\","
                "\"driver\":\"bridge\",\"network_interface\":\"podman1\","
                "\"created\":\"2026-11-25T13:26:49.082645415Z\",\"subnets\":[{\"subnet\":"
                "\"10.89.0.0/24\",\"gateway\":\"10.89.0.1\",\"lease_range\":{\"start_ip\":"
                "\"10.89.0.129\",\"end_ip\":\"10.89.0.255\"}}],\"routes\":[{\"destination\":"
                "\"10.20.0.0/16\",\"gateway\":\"10.89.0.9\",\"metric\":5}],\"ipv6_enabled\":false,"
                "\"internal\":false,\"dns_enabled\":true,\"network_dns_servers\":[\"192.0.2.1\"],"
                "\"labels\":{\"a\":\"b\"},\"options\":{\"com.docker.network.driver.mtu\":\"1400\","
                "\"isolate\":\"true\"},\"ipam_options\":{\"driver\":\"host-local\"}}";

static void test_round_trip(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Network) network = network_parse(file, strlen(file), "n3.json", &error);
        g_assert_no_error(error);
        g_assert_cmpuint(network_option_number(network, "mtu", 65535, 0), ==, 1400);
        g_assert_true(network_option_is_true(network, "isolate"));
        g_assert_false(network_is_unmanaged(network));
        g_autoptr(JsonObject) object = network_to_json(network);
        g_autofree char *text = json_format_object(object, false);
        g_assert_cmpstr(text, ==, file);
}

static void refuse(const char *from, const char *to) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) text = g_string_new(file);
        g_assert_cmpuint(g_string_replace(text, from, to, 1), ==, 1);
        g_autoptr(Network) network = network_parse(text->str, text->len, "n3.json", &error);
        g_assert_null(network);
        g_assert_nonnull(strstr(error->message, "n3.json"));
}

static void test_refuses(void) {
        refuse("\"n3\"", "\"../n3\"");
        refuse("ee0f1cb0", "zz0f1cb0");
        refuse("\"bridge\"", "\"odd\"");
        refuse("\"podman1\"", "\"pod\\\"man\"");
        refuse("\"podman1\"", "\"a-name-that-is-too-long\"");
        refuse("10.89.0.0/24", "10.89.0.0/240");
        refuse("\"10.89.0.1\"", "\"gateway\"");
        refuse("\"internal\":false", "\"internal\":7");
}

static void test_names(void) {
        g_assert_true(network_name_is_valid("a-B_9.c"));
        static const char *const bad[] = { "", ".a", "a/b", "a b", "..", "-a" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                g_assert_false(network_name_is_valid(bad[i]));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/network/network/file-survives-reading-and-writing", test_round_trip);
        g_test_add_func("/network/network/refuses-what-cannot-be", test_refuses);
        g_test_add_func("/network/network/names", test_names);
        return g_test_run();
}
