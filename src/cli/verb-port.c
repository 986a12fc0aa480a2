/* SPDX-License-Identifier: Apache-2.0 */
/* berth port */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/select.h"
#include "cli/start.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "runtime/network.h"

typedef struct PortOptions {
        bool all, latest;
        const char *wanted; /* "80/tcp" in full, or NULL for all */
        bool found;
} PortOptions;

static const OptionRow rows[] = {
        { "all", 'a', OPTION_BOOL, offsetof(PortOptions, all), NULL, "All running containers" },
        { "latest", 'l', OPTION_BOOL, offsetof(PortOptions, latest), NULL, "The newest container" },
        { NULL },
};

static void print_mapping(const ContainerRecord *record, const PortMapping *m, PortOptions *o) {
        g_autofree char *host = m->host.family ? ip_format(&m->host) : g_strdup("0.0.0.0");
        for (unsigned int step = 0; step < m->count; step++) {
                g_autofree char *inner =
                                g_strdup_printf("%u/%s", m->container_port + step,
                                                port_protocol_to_text(m->protocol));
                if (o->wanted && strcmp(o->wanted, inner) != 0)
                        continue;
                o->found = true;
                if (o->all)
                        printf("%.12s\t", record->id);
                if (o->wanted)
                        printf("%s:%u\n", host, m->host_port + step);
                else
                        printf("%s -> %s:%u\n", inner, host, m->host_port + step);
        }
}

static bool act(Runtime *runtime, ContainerRecord *record, void *data, GError **error) {
        PortOptions *o = data;
        g_autoptr(NetworkRequest) request = record_network_request(record, error);
        if (!request && record->network_request)
                return false;
        if (record_status(record) != CONTAINER_RUNNING)
                return true;
        for (guint i = 0; request && i < request->ports->len; i++)
                print_mapping(record, &g_array_index(request->ports, PortMapping, i), o);
        return !o->wanted || o->found ||
               error_set_invalid(error, "failed to find published port \"%s\"", o->wanted);
}

/* "80" is "80/tcp". NULL when it is no port. */
static char *full_port(const char *text, GError **error) {
        g_auto(GStrv) parts = g_strsplit(text, "/", 2);
        uint64_t port;
        if (text_parse_uint64(parts[0] ? parts[0] : "", 65535, &port))
                return g_strdup_printf("%s/%s", parts[0], parts[1] ? parts[1] : "tcp");
        error_set_invalid(error, "invalid port \"%s\"", text);
        return NULL;
}

int verb_port(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth port [options] CONTAINER [PORT[/PROTOCOL]]",
                .description = "List the published ports of a container",
                .rows = rows,
                .operands_max = 2,
        };
        PortOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **names = NULL;
        g_autofree char *wanted = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &names, &runtime, &begun);
        if (!go_on)
                return begun;
        size_t at = options.all || options.latest ? 0 : 1;
        if (at == 1 && !names[0]) {
                error_set_invalid(&error, "you must supply a running container name or id");
                return verb_fail(&error);
        }
        if (names[0] && names[at]) {
                wanted = full_port(names[at], &error);
                if (!wanted)
                        return verb_fail(&error);
                options.wanted = wanted;
                names[at] = NULL;
        }
        const Selection selection = {
                .names = names, .all = options.all, .latest = options.latest, .running_only = true
        };
        return selection_run(&runtime, &selection, false, act, &options);
}
