/* SPDX-License-Identifier: Apache-2.0 */
/* --network, --publish and --add-host, separated by newlines: what is taken survives the record. */
#include <stdint.h>

#include "base/json.h"
#include "network/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autofree char *text = g_strndup((const char *) data, size);
        g_auto(GStrv) parts = g_strsplit(text, "\n", 3);
        g_autoptr(GPtrArray) networks = g_ptr_array_new();
        g_autoptr(GPtrArray) ports = g_ptr_array_new();
        g_autoptr(GPtrArray) hosts = g_ptr_array_new();
        GPtrArray *const lists[] = { networks, ports, hosts };
        for (guint i = 0; i < G_N_ELEMENTS(lists) && i < g_strv_length(parts); i++)
                if (*parts[i])
                        g_ptr_array_add(lists[i], parts[i]);
        const NetworkFlags flags = {
                .network = networks,
                .expose = ports, /* as --publish, without looking for free ports */
                .add_hosts = hosts,
                .default_network = "podman",
        };
        g_autoptr(NetworkRequest) request = network_request_from_flags(&flags, NULL);
        if (!request)
                return 0;
        g_autoptr(JsonObject) object = network_request_to_json(request);
        g_autofree char *first = json_format_object(object, false);
        g_autoptr(NetworkRequest) back = network_request_from_json(object, NULL);
        g_assert_nonnull(back);
        g_autoptr(JsonObject) again = network_request_to_json(back);
        g_autofree char *second = json_format_object(again, false);
        g_assert_cmpstr(first, ==, second);
        return 0;
}
