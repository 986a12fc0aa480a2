/* SPDX-License-Identifier: Apache-2.0 */
/* .network -> `berth network create` */
#include "generator/command.h"
#include "generator/convert.h"
#include "generator/service.h"

static const UnitLine *first_line(const GPtrArray *values) {
        return ((QuadletValue *) values->pdata[0])->line;
}

static bool check_counts(Quadlet *q, GPtrArray *subnets, GPtrArray *gateways, GPtrArray *ranges) {
        if (subnets->len == 0 && gateways->len + ranges->len > 0)
                quadlet_error(q, first_line(gateways->len > 0 ? gateways : ranges), "missing-key",
                              "add Subnet=", "cannot set gateway or range without subnet");
        else if (gateways->len > subnets->len)
                quadlet_error(q, first_line(gateways), "invalid-value", NULL,
                              "cannot set more gateways than subnets");
        else if (ranges->len > subnets->len)
                quadlet_error(q, first_line(ranges), "invalid-value", NULL,
                              "cannot set more ranges than subnets");
        else
                return true;
        return false;
}

/* The i-th Gateway= and IPRange= belong to the i-th Subnet=. */
static void add_subnets(GString *create, Quadlet *q) {
        static const char *const flags[] = { "--subnet", "--gateway", "--ip-range" };
        g_autoptr(GPtrArray) subnets = quadlet_values(q, "Subnet");
        g_autoptr(GPtrArray) gateways = quadlet_values(q, "Gateway");
        g_autoptr(GPtrArray) ranges = quadlet_values(q, "IPRange");
        if (!check_counts(q, subnets, gateways, ranges))
                return;
        GPtrArray *const lists[] = { subnets, gateways, ranges };
        for (guint i = 0; i < subnets->len; i++)
                for (size_t j = 0; j < G_N_ELEMENTS(lists); j++)
                        if (i < lists[j]->len)
                                command_add(create, flags[j],
                                            ((QuadletValue *) lists[j]->pdata[i])->text, NULL);
}

void network_convert(Quadlet *q) {
        if (quadlet_bool(q, "NetworkDeleteOnStop", false)) {
                g_autoptr(GString) remove = command_new(q, "network", "rm", q->resource, NULL);
                service_add_command(q, "ExecStopPost", remove, false);
        }
        g_autoptr(GString) create = command_new(q, "network", "create", "--ignore", NULL);
        command_add_group(create, q, GROUP_BOOL);
        command_add_group(create, q, GROUP_SINGLE);
        command_add_group(create, q, GROUP_LIST);
        add_subnets(create, q);
        command_add_group(create, q, GROUP_PAIRS);
        command_add_values(create, q, "PodmanArgs", NULL);
        command_add(create, q->resource, NULL);
        service_add_command(q, "ExecStart", create, false);
        service_oneshot(q, true);
}
