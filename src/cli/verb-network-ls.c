/* SPDX-License-Identifier: Apache-2.0 */
/* berth network ls, inspect, exists */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/network-list.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/table.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/network.h"

#define ID_SHOWN 12

typedef struct LsOptions {
        GPtrArray *filters;
        char *format;
        bool no_trunc, no_heading, quiet;
} LsOptions;

static void options_clear(LsOptions *options) {
        g_clear_pointer(&options->filters, g_ptr_array_unref);
        g_free(options->format);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LsOptions, options_clear)

static const OptionRow ls_rows[] = {
        { "filter", 'f', OPTION_LIST, offsetof(LsOptions, filters), "FILTER",
          "name=, id=, driver=, label=, until=, dangling=" },
        { "format", 0, OPTION_STRING, offsetof(LsOptions, format), "FORMAT",
          "json, or a template" },
        { "no-trunc", 0, OPTION_BOOL, offsetof(LsOptions, no_trunc), NULL, "Whole ids" },
        { "noheading", 'n', OPTION_BOOL, offsetof(LsOptions, no_heading), NULL, "No heading" },
        { "quiet", 'q', OPTION_BOOL, offsetof(LsOptions, quiet), NULL, "Names only" },
        { NULL },
};

static void print_table(const GPtrArray *list, const LsOptions *options) {
        static const char *const headings[] = { "NETWORK ID", "NAME", "DRIVER", NULL };
        g_autoptr(Table) table = table_new(headings);
        for (guint i = 0; i < list->len; i++) {
                const Network *network = list->pdata[i];
                char **cells = g_new0(char *, G_N_ELEMENTS(headings));
                cells[0] = g_strndup(network->id, options->no_trunc ? 64 : ID_SHOWN);
                cells[1] = g_strdup(network->name);
                cells[2] = g_strdup(network->driver);
                table_add(table, cells);
        }
        table_print(table, !options->no_heading);
}

/* In listings ID is short, labels are "a=b,c=d" and the time is Go's. */
static JsonObject *list_fields(const Network *network, const LsOptions *options) {
        JsonObject *object = network_template_json(network);
        g_autofree char *id = g_strndup(network->id, options->no_trunc ? 64 : ID_SHOWN);
        g_autoptr(GString) labels = g_string_new(NULL);
        g_autoptr(GList) names =
                        g_list_sort(g_hash_table_get_keys(network->labels), (GCompareFunc) strcmp);
        for (GList *at = names; at; at = at->next)
                g_string_append_printf(
                                labels, "%s%s=%s", at == names ? "" : ",", (char *) at->data,
                                (char *) g_hash_table_lookup(network->labels, at->data));
        json_object_set_string_member(object, "ID", id);
        json_object_set_string_member(object, "Labels", labels->str);
        return object;
}

static bool print_list(const GPtrArray *list, const LsOptions *options, GError **error) {
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        bool json = options->format && template_is_json(options->format);
        for (guint i = 0; i < list->len; i++)
                g_ptr_array_add(objects, json ? network_to_json(list->pdata[i])
                                              : list_fields(list->pdata[i], options));
        if (json)
                template_print_json(objects);
        return json || template_print(options->format, objects, !options->no_heading, error);
}

int verb_network_ls(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth network ls [options]",
                .description = "List networks",
                .rows = ls_rows,
        };
        g_auto(LsOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &operands, &runtime, &begun);
        if (!go_on)
                return begun;
        g_autoptr(GPtrArray) list = network_list_filtered(&runtime, options.filters, &error);
        if (!list)
                return verb_fail(&error);
        if (options.quiet)
                for (guint i = 0; i < list->len; i++)
                        printf("%s\n", ((Network *) list->pdata[i])->name);
        else if (!options.format)
                print_table(list, &options);
        else if (!print_list(list, &options, &error))
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}

static JsonObject *interfaces_json(const NetworkInterface *interface) {
        JsonObject *object = json_object_new(), *one = json_object_new();
        JsonArray *subnets = json_array_new();
        for (guint i = 0; i < interface->addresses->len; i++) {
                const NetworkAddress *a = &g_array_index(interface->addresses, NetworkAddress, i);
                g_autofree char *address = ip_format(&a->address);
                g_autofree char *ipnet = g_strdup_printf("%s/%u", address, a->prefix);
                g_autofree char *gateway = ip_format(&a->gateway);
                JsonObject *row = json_object_new();
                json_object_set_string_member(row, "ipnet", ipnet);
                if (*gateway)
                        json_object_set_string_member(row, "gateway", gateway);
                json_array_add_object_element(subnets, row);
        }
        g_autofree char *mac = mac_format(&interface->mac);
        json_object_set_array_member(one, "subnets", subnets);
        json_object_set_string_member(one, "mac_address", mac);
        json_object_set_object_member(object, interface->name, one);
        return object;
}

/* Running containers of the network, by id. NULL on error. */
static JsonObject *containers_json(Runtime *runtime, const Network *network, GError **error) {
        g_autoptr(GPtrArray) users = network_users(runtime, network, error);
        if (!users)
                return NULL;
        JsonObject *object = json_object_new();
        for (guint i = 0; i < users->len; i++) {
                const ContainerRecord *record = users->pdata[i];
                g_autoptr(NetworkStatus) status =
                                record_status(record) == CONTAINER_RUNNING
                                                ? record_network_status(record, NULL)
                                                : NULL;
                const NetworkInterface *interface =
                                status ? network_status_find(status, network->name) : NULL;
                if (!interface)
                        continue;
                JsonObject *row = json_object_new();
                json_object_set_string_member(row, "name", record->name);
                json_object_set_object_member(row, "interfaces", interfaces_json(interface));
                json_object_set_object_member(object, record->id, row);
        }
        return object;
}

/* Whole for JSON, with Go's field names for templates. */
static JsonObject *inspect_json(Runtime *runtime, const char *name, bool fields, GError **error) {
        const Networks *networks = runtime_networks(runtime, error);
        if (!networks)
                return NULL;
        g_autoptr(Network) network = networks_find(networks, name, error);
        if (!network) {
                g_prefix_error(error, "network %s: ", name);
                return NULL;
        }
        JsonObject *containers = containers_json(runtime, network, error);
        if (!containers)
                return NULL;
        JsonObject *object = fields ? network_template_json(network) : network_to_json(network);
        json_object_set_object_member(object, fields ? "Containers" : "containers", containers);
        return object;
}

static const OptionRow inspect_rows[] = {
        { "format", 'f', OPTION_STRING, offsetof(LsOptions, format), "FORMAT",
          "json, or a template" },
        { NULL },
};

int verb_network_inspect(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth network inspect [options] NETWORK...",
                .description = "Show all that is known of networks",
                .rows = inspect_rows,
                .operands_min = 1,
                .operands_max = -1,
        };
        g_auto(LsOptions) options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &names, &runtime, &begun);
        if (!go_on)
                return begun;
        bool fields = options.format && !template_is_json(options.format);
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        int status = EXIT_STATUS_OK;
        for (char **name = names; *name; name++) {
                JsonObject *object = inspect_json(&runtime, *name, fields, &error);
                if (object)
                        g_ptr_array_add(objects, object);
                else
                        status = verb_fail(&error);
        }
        if (!fields)
                template_print_json(objects);
        else if (!template_print(options.format, objects, false, &error))
                return verb_fail(&error);
        return status;
}

int verb_network_exists(int argc, char **argv) {
        static const OptionRow none[] = { { NULL } };
        static const OptionTable table = {
                .usage = "berth network exists NETWORK",
                .description = "Check whether a network exists",
                .rows = none,
                .operands_min = 1,
                .operands_max = 1,
        };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, NULL, &names, &runtime, &begun);
        if (!go_on)
                return begun;
        const Networks *networks = runtime_networks(&runtime, &error);
        g_autoptr(Network) network = networks ? networks_find(networks, names[0], &error) : NULL;
        if (network)
                return EXIT_STATUS_OK;
        return g_error_matches(error, NETWORK_ERROR, NETWORK_ERROR_NOT_FOUND) ? EXIT_STATUS_FALSE
                                                                              : verb_fail(&error);
}
