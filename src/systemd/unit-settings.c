/* SPDX-License-Identifier: Apache-2.0 */
/* Properties.GetAll of the two interfaces of a service, one call each. */
#include "systemd/unit-settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "base/error.h"
#include "systemd/bus-private.h"

static const char *const limit_names[RLIM_NLIMITS] = {
        [RLIMIT_CPU] = "CPU",           [RLIMIT_FSIZE] = "FSIZE",
        [RLIMIT_DATA] = "DATA",         [RLIMIT_STACK] = "STACK",
        [RLIMIT_CORE] = "CORE",         [RLIMIT_RSS] = "RSS",
        [RLIMIT_NOFILE] = "NOFILE",     [RLIMIT_AS] = "AS",
        [RLIMIT_NPROC] = "NPROC",       [RLIMIT_MEMLOCK] = "MEMLOCK",
        [RLIMIT_LOCKS] = "LOCKS",       [RLIMIT_SIGPENDING] = "SIGPENDING",
        [RLIMIT_MSGQUEUE] = "MSGQUEUE", [RLIMIT_NICE] = "NICE",
        [RLIMIT_RTPRIO] = "RTPRIO",     [RLIMIT_RTTIME] = "RTTIME",
};

const char *unit_limit_name(int resource) {
        return resource >= 0 && resource < RLIM_NLIMITS ? limit_names[resource] : NULL;
}

typedef enum PropertyKind {
        PROPERTY_BOOL,
        PROPERTY_UINT64,
        PROPERTY_UINT32,
        PROPERTY_INT32,
        PROPERTY_STRING,
        PROPERTY_STRINGS,
} PropertyKind;

static const struct {
        const char *name;
        PropertyKind kind;
        size_t offset;
} properties[] = {
#define ROW(name, kind, member)                                                                    \
        { name, kind, offsetof(UnitSettings, member) }
        ROW("NoNewPrivileges", PROPERTY_BOOL, no_new_privileges),
        ROW("LockPersonality", PROPERTY_BOOL, lock_personality),
        ROW("MemoryDenyWriteExecute", PROPERTY_BOOL, memory_deny_write_execute),
        ROW("RestrictSUIDSGID", PROPERTY_BOOL, restrict_suid_sgid),
        ROW("RestrictRealtime", PROPERTY_BOOL, restrict_realtime),
        ROW("CapabilityBoundingSet", PROPERTY_UINT64, bounding),
        ROW("AmbientCapabilities", PROPERTY_UINT64, ambient),
        ROW("RestrictNamespaces", PROPERTY_UINT64, namespaces),
        ROW("SystemCallErrorNumber", PROPERTY_INT32, call_errno),
        ROW("SystemCallArchitectures", PROPERTY_STRINGS, architectures),
        ROW("UMask", PROPERTY_UINT32, umask),
        ROW("MemoryMax", PROPERTY_UINT64, memory_max),
        ROW("MemoryHigh", PROPERTY_UINT64, memory_high),
        ROW("MemoryLow", PROPERTY_UINT64, memory_low),
        ROW("MemorySwapMax", PROPERTY_UINT64, memory_swap_max),
        ROW("TasksMax", PROPERTY_UINT64, tasks_max),
        ROW("CPUWeight", PROPERTY_UINT64, cpu_weight),
        ROW("IOWeight", PROPERTY_UINT64, io_weight),
        ROW("CPUQuotaPerSecUSec", PROPERTY_UINT64, cpu_quota_usec),
        ROW("ControlGroup", PROPERTY_STRING, control_group),
        ROW("MainPID", PROPERTY_UINT32, main_pid),
        ROW("FragmentPath", PROPERTY_STRING, fragment_path),
        ROW("DropInPaths", PROPERTY_STRINGS, drop_in_paths),
#undef ROW
};

void unit_settings_free(UnitSettings *s) {
        if (!s)
                return;
        g_strfreev(s->calls);
        g_strfreev(s->architectures);
        g_strfreev(s->families);
        g_strfreev(s->drop_in_paths);
        g_free(s->fragment_path);
        g_free(s->control_group);
        g_free(s);
}

static char **copy_and_free(char **strings) {
        char **copy = g_strdupv(strings);
        for (char **at = strings; at && *at; at++)
                free(*at); /* sd-bus's, from malloc(3) */
        free(strings);
        return copy;
}

/* Reads one variant into its member. */
static int read_value(sd_bus_message *m, PropertyKind kind, void *at) {
        static const char *const signatures[] = { "b", "t", "u", "i", "s" };
        int r;
        if (kind == PROPERTY_STRINGS) {
                char **strings = NULL;
                r = sd_bus_message_enter_container(m, 'v', "as");
                if (r >= 0)
                        r = sd_bus_message_read_strv(m, &strings);
                if (r >= 0)
                        *(char ***) at = copy_and_free(strings);
                return r < 0 ? r : sd_bus_message_exit_container(m);
        }
        union {
                int boolean;
                uint64_t u64;
                uint32_t u32;
                int32_t i32;
                const char *text;
        } value = { 0 };
        r = sd_bus_message_read(m, "v", signatures[kind], &value);
        if (r < 0)
                return r;
        switch (kind) {
        case PROPERTY_BOOL:
                *(bool *) at = value.boolean;
                break;
        case PROPERTY_UINT64:
                *(uint64_t *) at = value.u64;
                break;
        case PROPERTY_UINT32:
                *(unsigned int *) at = value.u32;
                break;
        case PROPERTY_INT32:
                *(int *) at = value.i32;
                break;
        default:
                *(char **) at = g_strdup(value.text);
        }
        return 0;
}

/* (bas): whether the list allows, and the list. */
static int read_list(sd_bus_message *m, bool *ret_allow, char ***ret_names) {
        char **strings = NULL;
        int allow;
        int r = sd_bus_message_enter_container(m, 'v', "(bas)");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'r', "bas");
        if (r >= 0)
                r = sd_bus_message_read(m, "b", &allow);
        if (r >= 0)
                r = sd_bus_message_read_strv(m, &strings);
        if (r < 0)
                return r;
        *ret_allow = allow;
        *ret_names = copy_and_free(strings);
        r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* "LimitNOFILE", "LimitNOFILESoft" */
static int read_limit(sd_bus_message *m, const char *name, UnitSettings *s, bool *ret_taken) {
        for (int i = 0; i < RLIM_NLIMITS; i++) {
                size_t n = limit_names[i] ? strlen(limit_names[i]) : 0;
                if (n == 0 || strncmp(name, limit_names[i], n) != 0)
                        continue;
                bool is_soft = strcmp(name + n, "Soft") == 0;
                if (!is_soft && name[n])
                        continue;
                *ret_taken = true;
                return sd_bus_message_read(
                                m, "v", "t", is_soft ? &s->limits[i].soft : &s->limits[i].hard);
        }
        return 0;
}

static int read_property(sd_bus_message *m, const char *name, UnitSettings *s) {
        for (size_t i = 0; i < G_N_ELEMENTS(properties); i++)
                if (strcmp(properties[i].name, name) == 0)
                        return read_value(m, properties[i].kind, (char *) s + properties[i].offset);
        if (strcmp(name, "SystemCallFilter") == 0)
                return read_list(m, &s->call_allow, &s->calls);
        if (strcmp(name, "RestrictAddressFamilies") == 0)
                return read_list(m, &s->family_allow, &s->families);
        bool taken = false;
        int r = g_str_has_prefix(name, "Limit") ? read_limit(m, name + strlen("Limit"), s, &taken)
                                                : 0;
        return r < 0 || taken ? r : sd_bus_message_skip(m, "v");
}

static bool
load_interface(Bus *bus, const char *unit, const char *interface, UnitSettings *s, GError **error) {
        g_auto(sd_bus_error) bus_error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        char *path = NULL;
        const char *name;
        int r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path);
        if (r >= 0)
                r = sd_bus_call_method(
                                bus_handle(bus), "org.freedesktop.systemd1", path,
                                "org.freedesktop.DBus.Properties", "GetAll", &bus_error, &reply,
                                "s", interface);
        free(path);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                r = sd_bus_message_read(reply, "s", &name);
                if (r >= 0)
                        r = read_property(reply, name, s);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        sd_bus_message_unref(reply);
        return r >= 0 || error_set_errno(error, r, "Cannot read the settings of unit '%s'%s%s",
                                         unit, bus_error.message ? ": " : "",
                                         bus_error.message ? bus_error.message : "");
}

/* A unit that says nothing shows the manager's defaults, or what the manager itself has. */
static void mark_limits(Bus *bus, UnitSettings *s) {
        for (int i = 0; i < RLIM_NLIMITS; i++) {
                UnitLimit *l = &s->limits[i];
                struct rlimit own;
                if (!limit_names[i] || getrlimit((__rlimit_resource_t) i, &own) < 0 ||
                    (own.rlim_max == l->hard && own.rlim_cur == l->soft))
                        continue;
                g_autofree char *hard_name = g_strconcat("DefaultLimit", limit_names[i], NULL);
                g_autofree char *soft_name = g_strconcat(hard_name, "Soft", NULL);
                uint64_t hard = 0, soft = 0;
                const char *manager = "org.freedesktop.systemd1.Manager";
                int r = sd_bus_get_property_trivial(
                                bus_handle(bus), "org.freedesktop.systemd1",
                                "/org/freedesktop/systemd1", manager, hard_name, NULL, 't', &hard);
                if (r >= 0)
                        r = sd_bus_get_property_trivial(
                                        bus_handle(bus), "org.freedesktop.systemd1",
                                        "/org/freedesktop/systemd1", manager, soft_name, NULL, 't',
                                        &soft);
                l->is_set = r < 0 || hard != l->hard || soft != l->soft;
        }
}

UnitSettings *unit_settings_load(Bus *bus, const char *unit, GError **error) {
        g_autoptr(UnitSettings) s = g_new0(UnitSettings, 1);
        s->bounding = s->namespaces = UINT64_MAX;
        s->umask = 0022;
        if (!load_interface(bus, unit, "org.freedesktop.systemd1.Service", s, error) ||
            !load_interface(bus, unit, "org.freedesktop.systemd1.Unit", s, error))
                return NULL;
        s->has_families = s->family_allow || (s->families && s->families[0]);
        mark_limits(bus, s);
        return g_steal_pointer(&s);
}
