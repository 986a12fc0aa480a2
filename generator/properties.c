/* SPDX-License-Identifier: Apache-2.0 */
/* Resource keys as unit properties. The command line carries the same values: a host that changes
 * one with `systemctl set-property` changes the cgroup of the unit, which is what limits. */
#include "generator/properties.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "generator/argument-limits.h"
#include "generator/service.h"

/* What stopping takes beyond the payload's own time. */
#define STOP_HEADROOM_SEC 10

static void set(Quadlet *q, const char *property, const char *value) {
        service_default(q, "Service", property, value);
}

static void invalid(Quadlet *q, const char *key, const char *value, const char *hint) {
        quadlet_warn(q, quadlet_line(q, key), "invalid-value", hint, "%s=%s is not understood", key,
                     value);
}

static void memory(Quadlet *q) {
        g_autofree char *text = quadlet_string(q, "Memory");
        uint64_t bytes;
        if (!text || strchr(text, '%'))
                return;
        if (!text_parse_size(text, &bytes)) {
                invalid(q, "Memory", text, "write a size such as 512m or 2g");
                return;
        }
        g_autofree char *value =
                        bytes > 0 ? g_strdup_printf("%" PRIu64, bytes) : g_strdup("infinity");
        set(q, "MemoryMax", value);
}

static void tasks(Quadlet *q) {
        g_autofree char *text = quadlet_string(q, "PidsLimit");
        uint64_t count;
        if (!text || strchr(text, '%'))
                return;
        if (strcmp(text, "-1") == 0 || strcmp(text, "0") == 0)
                set(q, "TasksMax", "infinity");
        else if (text_parse_uint64(text, G_MAXINT32, &count)) {
                g_autofree char *value = g_strdup_printf("%" PRIu64, MAX(count, TASKS_MIN));
                set(q, "TasksMax", value);
        } else
                invalid(q, "PidsLimit", text, "write a number, or -1 for no limit");
}

void stop_timeout_property(Quadlet *q, const char *text) {
        uint64_t seconds;
        if (!text || strchr(text, '%'))
                return;
        if (strcmp(text, "-1") == 0)
                set(q, "TimeoutStopSec", "infinity");
        else if (text_parse_uint64(text, G_MAXINT32, &seconds)) {
                g_autofree char *value = g_strdup_printf("%" PRIu64, seconds + STOP_HEADROOM_SEC);
                set(q, "TimeoutStopSec", value);
        } else
                invalid(q, "StopTimeout", text, "write whole seconds");
}

static void kill_signal(Quadlet *q) {
        g_autofree char *text = quadlet_string(q, "StopSignal");
        if (!text || strchr(text, '%'))
                return;
        int number = text_parse_signal(text);
        if (number <= 0) {
                invalid(q, "StopSignal", text, "write a signal such as SIGTERM");
                return;
        }
        g_autofree char *name = text_format_signal(number);
        set(q, "KillSignal", name);
}

/* podman-run(1) --ulimit name=soft[:hard] -> systemd.exec(5) LimitX=soft[:hard]. LimitNICE= counts
 * otherwise than the kernel and is left out. */
static const struct {
        const char *name;
        const char *property;
} limits[] = {
        { "as", "LimitAS" },           { "core", "LimitCORE" },
        { "cpu", "LimitCPU" },         { "data", "LimitDATA" },
        { "fsize", "LimitFSIZE" },     { "locks", "LimitLOCKS" },
        { "memlock", "LimitMEMLOCK" }, { "msgqueue", "LimitMSGQUEUE" },
        { "nofile", "LimitNOFILE" },   { "nproc", "LimitNPROC" },
        { "rss", "LimitRSS" },         { "rtprio", "LimitRTPRIO" },
        { "rttime", "LimitRTTIME" },   { "sigpending", "LimitSIGPENDING" },
        { "stack", "LimitSTACK" },
};

static bool append_limit(GString *value, const char *text) {
        uint64_t number;
        if (value->len > 0)
                g_string_append_c(value, ':');
        if (strcmp(text, "-1") == 0)
                g_string_append(value, "infinity");
        else if (text_parse_uint64(text, G_MAXINT64, &number))
                g_string_append_printf(value, "%" PRIu64, number);
        else
                return false;
        return true;
}

static void limit(Quadlet *q, const QuadletValue *given) {
        const char *equal = strchr(given->text, '=');
        if (!equal || strchr(given->text, '%'))
                return; /* "host", and what only the launcher can know */
        g_autofree char *name = g_ascii_strdown(given->text, equal - given->text);
        g_auto(GStrv) parts = g_strsplit(equal + 1, ":", 3);
        guint n = g_strv_length(parts);
        g_autoptr(GString) value = g_string_new(NULL);
        bool ok = n >= 1 && n <= 2 && append_limit(value, parts[0]) &&
                  (n == 1 || append_limit(value, parts[1]));
        if (!ok) {
                quadlet_warn(q, given->line, "invalid-value", "write NAME=SOFT[:HARD]",
                             "Ulimit=%s is not understood", given->text);
                return;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(limits); i++)
                if (strcmp(limits[i].name, name) == 0)
                        set(q, limits[i].property, value->str);
}

void container_properties(Quadlet *q) {
        memory(q);
        tasks(q);
        limit_arguments(q);
        kill_signal(q);
        g_autofree char *timeout = quadlet_string(q, "StopTimeout");
        stop_timeout_property(q, timeout);
        g_autoptr(GPtrArray) ulimits = quadlet_values(q, "Ulimit");
        for (guint i = 0; i < ulimits->len; i++)
                limit(q, ulimits->pdata[i]);
}
