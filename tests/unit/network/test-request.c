/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>

#include "base/json.h"
#include "network/request.h"

static GPtrArray *list_of(const char *words) {
        GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
        g_auto(GStrv) split = g_strsplit(words, " ", -1);
        for (char **word = split; *word; word++)
                if (**word)
                        g_ptr_array_add(list, g_strdup(*word));
        return list;
}

static NetworkRequest *request_of(const char *networks, const char *ports, GError **error) {
        g_autoptr(GPtrArray) network = list_of(networks), publish = list_of(ports);
        const NetworkFlags flags = {
                .network = network,
                .publish = publish,
                .default_network = "podman",
        };
        return network_request_from_flags(&flags, error);
}

static void test_modes(void) {
        static const struct {
                const char *text, *shown;
                NetworkMode mode;
                guint attachments;
        } cases[] = {
                { "", "bridge", NETWORK_MODE_BRIDGE, 1 },
                { "bridge", "bridge", NETWORK_MODE_BRIDGE, 1 },
                { "private", "bridge", NETWORK_MODE_BRIDGE, 1 },
                { "none", "none", NETWORK_MODE_NONE, 0 },
                { "host", "host", NETWORK_MODE_HOST, 0 },
                { "container:web", "container:web", NETWORK_MODE_CONTAINER, 0 },
                { "ns:/run/netns/x", "ns:/run/netns/x", NETWORK_MODE_NS, 0 },
                { "pasta:-T,80", "pasta:-T,80", NETWORK_MODE_PASTA, 0 },
                { "a b", "bridge", NETWORK_MODE_BRIDGE, 2 },
                { "a,b,c", "bridge", NETWORK_MODE_BRIDGE, 3 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(NetworkRequest) request = request_of(cases[i].text, "", &error);
                g_assert_no_error(error);
                g_autofree char *shown = network_request_mode_text(request);
                g_assert_cmpstr(shown, ==, cases[i].shown);
                g_assert_cmpint(request->mode, ==, cases[i].mode);
                g_assert_cmpuint(request->attachments->len, ==, cases[i].attachments);
        }
        static const char *const bad[] = {
                "container:", "ns",      "none a", "a none",  "none:x",
                "a a",        "a:odd=1", "a:ip=x", "a:mac=1", "a:alias="
        };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(NetworkRequest) request = request_of(bad[i], "", &error);
                g_assert_null(request);
                g_assert_nonnull(error);
        }
}

static void test_ports(void) {
        static const struct {
                const char *text, *shown;
        } cases[] = {
                { "80:8080", "0.0.0.0:80->8080/tcp" },
                { "127.0.0.1:80:8080/udp", "127.0.0.1:80->8080/udp" },
                { "[::1]:80:8080/SCTP", "::1:80->8080/sctp" },
                { "8000-8002:80-82", "0.0.0.0:8000-8002->80-82/tcp" },
                { "1:2 3:4", "0.0.0.0:1->2/tcp, 0.0.0.0:3->4/tcp" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(NetworkRequest) request = request_of("", cases[i].text, &error);
                g_assert_no_error(error);
                g_autofree char *shown = ports_format(request->ports);
                g_assert_cmpstr(shown, ==, cases[i].shown);
        }
        static const char *const bad[] = { "0:80",        "65536:80",  "x:80",    "80:",
                                           "1:2:3:4",     "1-2:3",     "5-4:5-4", "80:80/icmp",
                                           "1.2.3:80:80", "[::1:80:80" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(NetworkRequest) request = request_of("", bad[i], &error);
                g_assert_null(request);
                g_assert_nonnull(error);
        }
        g_autoptr(NetworkRequest) free_port = request_of("", "80", NULL);
        g_assert_cmpuint(g_array_index(free_port->ports, PortMapping, 0).host_port, !=, 0);
        g_autoptr(NetworkRequest) host = request_of("host", "80:80", NULL);
        g_assert_cmpuint(host->ports->len, ==, 0);
}

static void test_json(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(NetworkRequest) request =
                        request_of("a:ip=10.0.0.9,ip6=fd00::9,mac=02:00:00:00:00:01,alias=x,"
                                   "interface_name=net0 b",
                                   "127.0.0.1:80-81:8080-8081/udp", &error);
        g_assert_no_error(error);
        g_autoptr(JsonObject) object = network_request_to_json(request);
        g_autoptr(NetworkRequest) back = network_request_from_json(object, &error);
        g_assert_no_error(error);
        g_autoptr(JsonObject) again = network_request_to_json(back);
        g_autofree char *first = json_format_object(object, false);
        g_autofree char *second = json_format_object(again, false);
        g_assert_cmpstr(first, ==, second);
        const NetworkAttachment *a = back->attachments->pdata[0];
        g_assert_cmpuint(a->addresses->len, ==, 2);
        g_assert_cmpstr(a->interface, ==, "net0");
        g_assert_true(a->has_mac);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/network/request/modes", test_modes);
        g_test_add_func("/network/request/ports", test_ports);
        g_test_add_func("/network/request/survives-the-record", test_json);
        return g_test_run();
}
