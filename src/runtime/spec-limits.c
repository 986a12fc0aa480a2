/* SPDX-License-Identifier: Apache-2.0 */
/* rlimits, sysctls and the resources of the payload's cgroup. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "runtime/rlimit.h"
#include "runtime/spec-build.h"
#include "runtime/sysctl.h"

#define NOFILE_DEFAULT 1048576
#define NPROC_DEFAULT  4194304

/* "nofile=1024:2048", "core=-1", "host" leaves all as they are. */
static bool add_ulimit(const char *text, OciSpec *spec, GError **error) {
        g_auto(GStrv) pair = g_strsplit(text, "=", 2);
        g_autofree char *upper = g_ascii_strup(pair[0], -1);
        g_autofree char *type = g_strconcat("RLIMIT_", upper, NULL);
        if (!pair[1] || rlimit_from_text(type) < 0)
                return error_set_invalid(
                                error,
                                "ulimit option \"%s\" requires name=SOFT:HARD, failed to be parsed",
                                text);
        g_auto(GStrv) values = g_strsplit(pair[1], ":", 2);
        uint64_t limits[2];
        for (int i = 0; i < 2; i++) {
                const char *value = values[i] ? values[i] : values[0];
                if (strcmp(value, "-1") == 0 || strcmp(value, "unlimited") == 0)
                        limits[i] = RLIM_INFINITY;
                else if (!text_parse_uint64(value, UINT64_MAX, &limits[i]))
                        return error_set_invalid(
                                        error, "ulimit \"%s\": '%s' is not a number", text, value);
        }
        if (limits[0] > limits[1])
                return error_set_invalid(
                                error,
                                "ulimit \"%s\": the soft limit must not exceed the hard limit",
                                text);
        oci_spec_add_rlimit(spec, type, limits[0], limits[1]);
        return true;
}

static bool has_rlimit(const OciSpec *spec, const char *type) {
        for (guint i = 0; i < spec->rlimits->len; i++)
                if (strcmp(((OciRlimit *) spec->rlimits->pdata[i])->type, type) == 0)
                        return true;
        return false;
}

/* Podman's defaults, not above what this process may set: a launcher without CAP_SYS_RESOURCE keeps
 * its own hard limit. */
static void add_default_rlimit(OciSpec *spec, const char *type, int resource, uint64_t wanted) {
        struct rlimit now;
        if (has_rlimit(spec, type) || getrlimit((__rlimit_resource_t) resource, &now) < 0)
                return;
        uint64_t value = now.rlim_max == RLIM_INFINITY ? wanted : MIN(wanted, now.rlim_max);
        oci_spec_add_rlimit(spec, type, value, value);
}

static bool add_sysctl(const char *text, OciSpec *spec, GError **error) {
        g_auto(GStrv) pair = g_strsplit(text, "=", 2);
        if (!pair[1])
                return error_set_invalid(
                                error,
                                "%s is invalid, sysctl values must be in the form of KEY=VALUE",
                                text);
        if (!sysctl_check(pair[0], pair[1], spec, error))
                return false;
        g_hash_table_insert(spec->sysctl, g_strdup(pair[0]), g_strdup(pair[1]));
        return true;
}

static bool
add_size(JsonObject *object,
         const char *member,
         const char *text,
         const char *flag,
         GError **error) {
        uint64_t bytes;
        if (!text)
                return true;
        if (strcmp(text, "-1") == 0) {
                json_object_set_int_member(object, member, -1);
                return true;
        }
        if (!text_parse_size(text, &bytes))
                return error_set_invalid(
                                error, "invalid value for --%s: invalid size: '%s'", flag, text);
        json_object_set_int_member(object, member, (int64_t) bytes);
        return true;
}

static bool build_resources(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        g_autoptr(JsonObject) resources = json_object_new();
        g_autoptr(JsonObject) memory = json_object_new();
        if (!add_size(memory, "limit", o->memory, "memory", error) ||
            !add_size(memory, "swap", o->memory_swap, "memory-swap", error) ||
            !add_size(memory, "reservation", o->memory_reservation, "memory-reservation", error))
                return false;
        if (json_object_get_size(memory) > 0)
                json_object_set_object_member(resources, "memory", json_object_ref(memory));
        if (o->pids_limit) {
                char *end = NULL;
                gint64 limit = g_ascii_strtoll(o->pids_limit, &end, 10);
                if (end == o->pids_limit || *end)
                        return error_set_invalid(error, "invalid --pids-limit '%s'", o->pids_limit);
                JsonObject *pids = json_object_new();
                json_object_set_int_member(pids, "limit", limit);
                json_object_set_object_member(resources, "pids", pids);
        }
        if (json_object_get_size(resources) == 0)
                return true;
        spec->resources = json_node_new(JSON_NODE_OBJECT);
        json_node_set_object(spec->resources, resources);
        return true;
}

bool spec_build_limits(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        bool host = false;
        for (guint i = 0; o->ulimit && i < o->ulimit->len; i++) {
                if (strcmp(o->ulimit->pdata[i], "host") == 0)
                        host = true;
                else if (!add_ulimit(o->ulimit->pdata[i], spec, error))
                        return false;
        }
        if (!host) {
                add_default_rlimit(spec, "RLIMIT_NOFILE", RLIMIT_NOFILE, NOFILE_DEFAULT);
                add_default_rlimit(spec, "RLIMIT_NPROC", RLIMIT_NPROC, NPROC_DEFAULT);
        }
        for (guint i = 0; o->sysctl && i < o->sysctl->len; i++)
                if (!add_sysctl(o->sysctl->pdata[i], spec, error))
                        return false;
        if (o->oom_score_adj) {
                char *end = NULL;
                gint64 score = g_ascii_strtoll(o->oom_score_adj, &end, 10);
                if (end == o->oom_score_adj || *end || score < -1000 || score > 1000)
                        return error_set_invalid(
                                        error, "invalid --oom-score-adj '%s'", o->oom_score_adj);
                spec->has_oom_score_adj = true;
                spec->oom_score_adj = (int) score;
        }
        return build_resources(request, spec, error);
}
