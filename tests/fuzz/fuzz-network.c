/* SPDX-License-Identifier: Apache-2.0 */
/* A network file: what is read can be written, and reads again as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "network/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autoptr(Network) network = network_parse((const char *) data, size, "fuzz", NULL);
        if (!network)
                return 0;
        g_autoptr(JsonObject) object = network_to_json(network);
        g_autofree char *text = json_format_object(object, true);
        g_autoptr(Network) again = network_parse(text, strlen(text), "again", NULL);
        if (!again)
                abort();
        g_autoptr(JsonObject) second = network_to_json(again);
        g_autofree char *other = json_format_object(second, true);
        g_assert_cmpstr(text, ==, other);
        return 0;
}
