/* SPDX-License-Identifier: Apache-2.0 */
/* What of a container is known before its image is looked at. */
#include "runtime/new-record.h"

#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "runtime/log-file.h"
#include "runtime/pod.h"

static int64_t now_nsec(void) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

bool container_check_name(const char *name, GError **error) {
        if (g_ascii_isalnum(name[0]) && strlen(name) <= 200 &&
            strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
                            strlen(name))
                return true;
        return error_set_invalid(
                        error,
                        "names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: '%s': invalid argument",
                        name);
}

/* Names and ids, to ids. */
static bool
set_requires(Runtime *runtime, const ContainerOptions *o, ContainerRecord *record, GError **error) {
        g_autoptr(GStrvBuilder) ids = g_strv_builder_new();
        for (guint i = 0; o->requires && i < o->requires->len; i++) {
                g_auto(GStrv) names = g_strsplit(o->requires->pdata[i], ",", -1);
                for (char **name = names; *name; name++) {
                        g_autoptr(ContainerRecord) other =
                                        record_find(runtime->records, *name, error);
                        if (!other) {
                                g_prefix_error(error, "--requires: ");
                                return false;
                        }
                        g_strv_builder_add(ids, other->id);
                }
        }
        if (o->requires)
        record->requires = g_strv_builder_end(ids);
        return true;
}

/* What is the pod's to say is not a container's. */
static bool check_pod_flags(const ContainerOptions *o, const Pod *pod, GError **error) {
        const char *what = o->publish || o->publish_all || o->expose
                                           ? "published or exposed ports must be defined when the "
                                             "pod is created"
                           : o->add_host ? "extra host entries must be specified on the pod"
                           : (o->ip && *o->ip) || (o->ip6 && *o->ip6) || o->mac_address ||
                                                           o->network_alias
                                           ? "addresses and aliases must be defined when the pod "
                                             "is created"
                                           : NULL;
        if (!what || o->network || !pod_shares(pod, "net"))
                return true;
        return error_set_invalid(
                        error,
                        "invalid config provided: %s: network cannot be configured when it is "
                        "shared with a pod",
                        what);
}

static bool
set_pod(Runtime *runtime, const ContainerOptions *o, ContainerRecord *record, GError **error) {
        if (!o->pod || !*o->pod)
                return true;
        g_autoptr(Pod) pod = pod_find(runtime->records, o->pod, error);
        if (!pod || !check_pod_flags(o, pod, error))
                return false;
        record->pod = g_strdup(pod->id);
        return true;
}

static char *absolute(const char *path) {
        return path && *path ? g_canonicalize_filename(path, NULL) : NULL;
}

/* What only a service of the container's own can be given. */
static bool set_service(const ContainerOptions *o, ContainerRecord *record, GError **error) {
        uint64_t seconds = 0;
        if (o->timeout && *o->timeout && !text_parse_uint64(o->timeout, INT32_MAX, &seconds))
                return error_set_invalid(error, "invalid --timeout '%s'", o->timeout);
        record->timeout_sec = (int64_t) seconds;
        record->restart = g_strdup(o->restart);
        record->sdnotify = g_strdup(o->sdnotify);
        record->pid_file = absolute(o->pidfile);
        record->conmon_pid_file = absolute(o->conmon_pidfile);
        if (o->cgroup_parent && *o->cgroup_parent) {
                g_autofree char *slice = g_path_get_basename(o->cgroup_parent);
                if (!g_str_has_suffix(slice, ".slice"))
                        return error_set_invalid(
                                        error,
                                        "did not receive systemd slice as cgroup parent when using "
                                        "systemd to manage cgroups: invalid argument");
                record->slice = g_steal_pointer(&slice);
        }
        bool restarts = o->restart && *o->restart && strcmp(o->restart, "no") != 0;
        if (o->remove && restarts)
                return error_set_invalid(
                                error, "the --rm option conflicts with --restart, when the "
                                       "restartPolicy is not \"\" and \"no\"");
        return true;
}

static char *command_json(char **argv) {
        if (!argv)
                return NULL;
        g_autoptr(JsonObject) object = json_object_new();
        json_set_strings(object, "argv", (const char *const *) argv);
        return json_format_object(object, false);
}

ContainerRecord *new_record(Runtime *runtime, const ContainerOptions *o, GError **error) {
        g_autoptr(ContainerRecord) record = record_new();
        record->id = hex_id_new();
        record->name = o->name ? g_strdup(o->name) : g_strdup_printf("berth-%.12s", record->id);
        record->created_nsec = now_nsec();
        record->remove = o->remove || o->remove_image;
        record->remove_image = o->remove_image;
        record->tty = o->tty;
        record->interactive = o->interactive;
        record->create_command = command_json(o->create_command);
        if (!container_check_name(record->name, error) || !log_file_configure(o, record, error) ||
            !set_service(o, record, error) || !set_requires(runtime, o, record, error) ||
            !set_pod(runtime, o, record, error))
                return NULL;
        return g_steal_pointer(&record);
}
