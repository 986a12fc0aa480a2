/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the drivers, one table. */
#include "network/create-options.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

#define VLAN_MAX 4094

typedef enum OptionType {
        TYPE_NUMBER,
        TYPE_SIGNED,
        TYPE_BOOL,
        TYPE_ISOLATE, /* bool or "strict" */
        TYPE_VLAN,
        TYPE_WORD,      /* one of words */
        TYPE_INTERFACE, /* becomes network_interface */
        TYPE_TEXT,
} OptionType;

static const struct {
        const char *drivers; /* "b", "m", "i": those that know it */
        const char *name, *stored;
        OptionType type;
        const char *words;
} options[] = {
        { "bmi", "mtu", "mtu", TYPE_NUMBER, NULL },
        { "bmi", "com.docker.network.driver.mtu", "mtu", TYPE_NUMBER, NULL },
        { "bmi", "metric", "metric", TYPE_NUMBER, NULL },
        { "bmi", "no_default_route", "no_default_route", TYPE_BOOL, NULL },
        { "b", "vlan", "vlan", TYPE_VLAN, NULL },
        { "b", "isolate", "isolate", TYPE_ISOLATE, NULL },
        { "b", "mode", "mode", TYPE_WORD, "managed unmanaged" },
        { "b", "vrf", "vrf", TYPE_TEXT, NULL },
        { "b", "com.docker.network.bridge.name", NULL, TYPE_INTERFACE, NULL },
        { "mi", "parent", NULL, TYPE_INTERFACE, NULL },
        { "m", "mode", "mode", TYPE_WORD, "bridge private vepa passthru" },
        { "i", "mode", "mode", TYPE_WORD, "l2 l3 l3s" },
        { "m", "bclim", "bclim", TYPE_SIGNED, NULL },
};

static char *fail_value(const char *name, const char *value, const char *what, GError **error) {
        error_set_invalid(error, "failed to parse %s option: \"%s\" is not %s", name, value, what);
        return NULL;
}

/* The value as the file has it; NULL when it is wrong. */
static char *check_value(size_t row, const Network *network, const char *value, GError **error) {
        const char *name = options[row].name;
        uint64_t number;
        bool truth;
        char *end = NULL;
        switch (options[row].type) {
        case TYPE_NUMBER:
                if (!text_parse_uint64(value, INT32_MAX, &number))
                        return fail_value(name, value, "a number", error);
                return g_strdup(value);
        case TYPE_SIGNED:
                (void) g_ascii_strtoll(value, &end, 10);
                if (end == value || *end)
                        return fail_value(name, value, "a number", error);
                return g_strdup(value);
        case TYPE_VLAN:
                if (!text_parse_uint64(value, INT32_MAX, &number) || number > VLAN_MAX) {
                        error_set_invalid(
                                        error, "vlan ID %s must be between 0 and %d", value,
                                        VLAN_MAX);
                        return NULL;
                }
                return g_strdup(value);
        case TYPE_ISOLATE:
                if (strcmp(value, "strict") == 0)
                        return g_strdup(value);
                /* fallthrough */
        case TYPE_BOOL:
                if (!text_parse_bool(value, &truth))
                        return fail_value(name, value, "true or false", error);
                return g_strdup(truth ? "true" : "false");
        case TYPE_WORD: {
                g_auto(GStrv) words = g_strsplit(options[row].words, " ", -1);
                if (g_strv_contains((const char *const *) words, value))
                        return g_strdup(value);
                error_set_invalid(error, "unknown %s mode \"%s\"", network->driver, value);
                return NULL;
        }
        case TYPE_INTERFACE:
        case TYPE_TEXT:
                return g_strdup(value);
        }
        g_assert_not_reached();
}

bool network_set_option(Network *network, const char *text, GError **error) {
        g_auto(GStrv) pair = g_strsplit(text, "=", 2);
        const char *key = pair[0] ? pair[0] : "", *value = pair[0] && pair[1] ? pair[1] : "";
        for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
                if (strcmp(options[i].name, key) != 0 ||
                    !strchr(options[i].drivers, network->driver[0]))
                        continue;
                char *checked = check_value(i, network, value, error);
                if (!checked)
                        return false;
                if (options[i].type == TYPE_INTERFACE) {
                        g_free(network->interface);
                        network->interface = checked;
                } else {
                        g_hash_table_insert(network->options, g_strdup(options[i].stored), checked);
                }
                return true;
        }
        return error_set_invalid(error, "unsupported %s network option %s", network->driver, key);
}
