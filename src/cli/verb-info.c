/* SPDX-License-Identifier: Apache-2.0 */
/* berth info */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/user.h"
#include "build-config.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/template.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "systemd/cgroup.h"

typedef struct InfoOptions {
        char *format;
        bool debug;
} InfoOptions;

static const OptionRow rows[] = {
        { "format", 'f', OPTION_STRING, offsetof(InfoOptions, format), "FORMAT",
          "json, or a template" },
        { "debug", 'D', OPTION_BOOL, offsetof(InfoOptions, debug), NULL, NULL },
        { NULL },
};

static JsonObject *host_json(void) {
        JsonObject *host = json_object_new();
        JsonObject *security = json_object_new();
        struct utsname name;
        g_assert(uname(&name) == 0); /* cannot fail with a valid buffer, uname(2) */
        json_object_set_string_member(
                        host, "arch", strcmp(name.machine, "x86_64") == 0 ? "amd64" : name.machine);
        json_object_set_string_member(host, "hostname", name.nodename);
        json_object_set_string_member(host, "kernel", name.release);
        json_object_set_string_member(host, "os", "linux");
        json_object_set_int_member(host, "cpus", sysconf(_SC_NPROCESSORS_ONLN));
        json_object_set_int_member(
                        host, "memTotal", sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
        json_object_set_string_member(host, "cgroupVersion", cgroup_mount_path() ? "v2" : "");
        json_object_set_string_member(host, "cgroupManager", "systemd");
        json_object_set_string_member(host, "logDriver", "journald");
        json_object_set_boolean_member(security, "rootless", !user_is_root());
        json_object_set_boolean_member(security, "seccompEnabled", true);
        json_object_set_object_member(host, "security", security);
        return host;
}

static JsonObject *store_json(Runtime *runtime, GError **error) {
        g_autoptr(GPtrArray) images = NULL;
        g_autoptr(GPtrArray) containers = record_list(runtime->records, error);
        if (!containers || !store_image_list(runtime->store, &images, error))
                return NULL;
        int running = 0;
        for (guint i = 0; i < containers->len; i++)
                running += record_status(containers->pdata[i]) == CONTAINER_RUNNING;
        JsonObject *store = json_object_new();
        JsonObject *container_counts = json_object_new();
        JsonObject *image_counts = json_object_new();
        json_object_set_int_member(container_counts, "number", containers->len);
        json_object_set_int_member(container_counts, "running", running);
        json_object_set_int_member(container_counts, "stopped", (int) containers->len - running);
        json_object_set_int_member(container_counts, "paused", 0);
        json_object_set_int_member(image_counts, "number", images->len);
        json_object_set_object_member(store, "containerStore", container_counts);
        json_object_set_object_member(store, "imageStore", image_counts);
        json_object_set_string_member(store, "graphDriverName", "overlay");
        json_object_set_string_member(store, "graphRoot", store_graph_root(runtime->store));
        json_object_set_string_member(store, "runRoot", store_run_root(runtime->store));
        return store;
}

int verb_info(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth info [options]",
                .description = "Show the host and the store",
                .rows = rows,
        };
        InfoOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &operands, &runtime, &begun);
        g_autofree char *format = options.format;
        if (!go_on)
                return begun;
        JsonObject *store = store_json(&runtime, &error);
        if (!store)
                return verb_fail(&error);
        g_autoptr(JsonObject) info = json_object_new();
        JsonObject *version = json_object_new();
        json_object_set_string_member(version, "Version", BERTH_VERSION);
        json_object_set_object_member(info, "host", host_json());
        json_object_set_object_member(info, "store", store);
        json_object_set_object_member(info, "version", version);
        if (format && strcmp(format, "json") != 0) {
                g_autofree char *text = template_format(format, info, &error);
                if (!text)
                        return verb_fail(&error);
                printf("%s\n", text);
                return EXIT_STATUS_OK;
        }
        g_autofree char *text = json_format_object(info, true);
        printf("%s\n", text);
        return EXIT_STATUS_OK;
}
