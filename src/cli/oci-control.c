/* SPDX-License-Identifier: Apache-2.0 */
/* berth-oci kill, delete, pause, resume, update. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/oci.h"
#include "runtime/cgroup-manager.h"
#include "runtime/oci-container.h"

#define RESOURCES_SIZE_MAX (1u << 20)

typedef struct ControlFlags {
        bool all, force;
        char *regex;
} ControlFlags;

#define AT(member) offsetof(ControlFlags, member)

int oci_verb_kill(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "all", 'a', OPTION_BOOL, AT(all), NULL, "All processes of the container" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth-oci kill [options] ID [SIGNAL]",
                .description = "Signal a container, with SIGTERM if none is given",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 2,
        };
        ControlFlags flags = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        if (!oci_begin(&table, argc, argv, &flags, &operands, &status))
                return status;
        int number = operands[1] ? text_parse_signal(operands[1]) : SIGTERM;
        if (number < 0) {
                error_set_invalid(&error, "unknown signal \"%s\"", operands[1]);
                return oci_fail(&error);
        }
        return oci_kill(oci_global()->root, operands[0], number, flags.all, &error)
                               ? EXIT_STATUS_OK
                               : oci_fail(&error);
}

int oci_verb_delete(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "force", 'f', OPTION_BOOL, AT(force), NULL,
                  "End it first; one that is not there is fine" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth-oci delete [options] ID",
                .description = "Remove a container that has stopped",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        ControlFlags flags = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int status;
        if (!oci_begin(&table, argc, argv, &flags, &operands, &status))
                return status;
        return oci_delete(oci_global()->root, operands[0], flags.force, &error) ? EXIT_STATUS_OK
                                                                                : oci_fail(&error);
}

static int freeze(const char *id, bool on) {
        g_autoptr(GError) error = NULL;
        g_autoptr(OciState) state = oci_state_load(oci_global()->root, id, &error);
        if (!state)
                return oci_fail(&error);
        OciStatus now = oci_state_status(state);
        if (now != (on ? OCI_STATUS_RUNNING : OCI_STATUS_PAUSED) &&
            !(on && now == OCI_STATUS_CREATED)) {
                error_set_invalid(
                                &error,
                                on ? "container not running: it is %s"
                                   : "container not paused: it is %s",
                                oci_status_to_text(now));
                return oci_fail(&error);
        }
        return cgroup_freeze(state->cgroup, on, &error) ? EXIT_STATUS_OK : oci_fail(&error);
}

int oci_verb_pause(int argc, char **argv) {
        const char *id;
        int status;
        return oci_begin_id("berth-oci pause ID", "Freeze a container's processes", argc, argv, &id,
                            &status)
                               ? freeze(id, true)
                               : status;
}

int oci_verb_resume(int argc, char **argv) {
        const char *id;
        int status;
        return oci_begin_id("berth-oci resume ID", "Thaw a container's processes", argc, argv, &id,
                            &status)
                               ? freeze(id, false)
                               : status;
}

typedef struct UpdateFlags {
        char *resources;
        char *values[10];
} UpdateFlags;

/* A flag is one member of linux.resources. */
static const struct {
        const char *group, *member;
        bool is_text;
} update_members[] = {
        { "memory", "limit", false }, { "memory", "reservation", false },
        { "memory", "swap", false },  { "cpu", "shares", false },
        { "cpu", "quota", false },    { "cpu", "period", false },
        { "cpu", "cpus", true },      { "cpu", "mems", true },
        { "pids", "limit", false },   { "blockIO", "weight", false },
};

static bool flags_to_resources(const UpdateFlags *flags, JsonNode **ret, GError **error) {
        g_autoptr(JsonObject) top = json_object_new();
        for (size_t i = 0; i < G_N_ELEMENTS(update_members); i++) {
                const char *text = flags->values[i];
                const char *group = update_members[i].group;
                if (!text)
                        continue;
                if (!json_object_has_member(top, group))
                        json_object_set_object_member(top, group, json_object_new());
                JsonObject *object = json_object_get_object_member(top, group);
                uint64_t number;
                bool is_minus = strcmp(text, "-1") == 0;
                if (update_members[i].is_text) {
                        json_object_set_string_member(object, update_members[i].member, text);
                        continue;
                }
                if (!is_minus && !text_parse_size(text, &number))
                        return error_set_invalid(error, "invalid value '%s'", text);
                json_object_set_int_member(
                                object, update_members[i].member, is_minus ? -1 : (int64_t) number);
        }
        *ret = json_node_alloc();
        json_node_init_object(*ret, top);
        return true;
}

static bool read_resources(const UpdateFlags *flags, JsonNode **ret, GError **error) {
        if (!flags->resources)
                return flags_to_resources(flags, ret, error);
        g_autoptr(GBytes) bytes = NULL;
        JsonObject *object;
        bool from_stdin = strcmp(flags->resources, "-") == 0;
        if (!(from_stdin ? file_read_fd(STDIN_FILENO, "standard input", RESOURCES_SIZE_MAX, &bytes,
                                        error)
                         : file_read(AT_FDCWD, flags->resources, RESOURCES_SIZE_MAX, &bytes,
                                     error)))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        return json_parse_object(text, size, RESOURCES_SIZE_MAX, "resources", ret, &object, error);
}

#undef AT
#define AT(i) offsetof(UpdateFlags, values) + (i) * sizeof(char *)

int oci_verb_update(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "resources", 'r', OPTION_STRING, offsetof(UpdateFlags, resources), "FILE",
                  "linux.resources as JSON, - for standard input" },
                { "memory", 0, OPTION_STRING, AT(0), "BYTES", "Memory limit" },
                { "memory-reservation", 0, OPTION_STRING, AT(1), "BYTES", "Memory to keep" },
                { "memory-swap", 0, OPTION_STRING, AT(2), "BYTES", "Memory and swap together" },
                { "cpu-share", 0, OPTION_STRING, AT(3), "N", "Share of processor time" },
                { "cpu-quota", 0, OPTION_STRING, AT(4), "USEC", "Processor time in a period" },
                { "cpu-period", 0, OPTION_STRING, AT(5), "USEC", "The period" },
                { "cpuset-cpus", 0, OPTION_STRING, AT(6), "LIST", "Processors" },
                { "cpuset-mems", 0, OPTION_STRING, AT(7), "LIST", "Memory nodes" },
                { "pids-limit", 0, OPTION_STRING, AT(8), "N", "Number of processes" },
                { "blkio-weight", 0, OPTION_STRING, AT(9), "N", "Weight of block io" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth-oci update [options] ID",
                .description = "Change a container's limits",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        UpdateFlags flags = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        g_autoptr(JsonNode) resources = NULL;
        int status;
        if (!oci_begin(&table, argc, argv, &flags, &operands, &status))
                return status;
        g_autoptr(OciState) state = oci_state_load(oci_global()->root, operands[0], &error);
        if (!state || !read_resources(&flags, &resources, &error) ||
            !cgroup_update(state->cgroup, state->scope, resources, &error))
                return oci_fail(&error);
        return EXIT_STATUS_OK;
}
