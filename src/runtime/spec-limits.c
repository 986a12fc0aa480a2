/* SPDX-License-Identifier: Apache-2.0 */
/* rlimits, sysctls, the OOM score. */
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
        return spec_build_resources(request, spec, error);
}
