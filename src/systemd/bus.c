/* SPDX-License-Identifier: Apache-2.0 */
/* The service manager's D-Bus interface, by sd-bus(3). */
#include "systemd/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/error.h"
#include "base/user.h"
#include "systemd/bus-private.h"

#define MANAGER_SERVICE   "org.freedesktop.systemd1"
#define MANAGER_PATH      "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"

struct Bus {
        sd_bus *bus;

        GHashTable *results; /* job path -> result, for jobs that ended before we knew their path */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *unused) {
        Bus *bus = data;
        const char *job, *unit, *result;
        uint32_t id;
        int r = sd_bus_message_read(message, "uoss", &id, &job, &unit, &result);
        if (r < 0)
                return 0; /* not the signal we know */
        g_hash_table_insert(bus->results, g_strdup(job), g_strdup(result));
        return 0;
}

static char *manager_address(void) {
        if (user_is_root())
                return g_strdup("unix:path=/run/systemd/private");
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        return runtime ? g_strdup_printf("unix:path=%s/systemd/private", runtime) : NULL;
}

Bus *bus_open(GError **error) {
        g_autoptr(Bus) bus = g_new0(Bus, 1);
        bus->results = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autofree char *address = manager_address();
        if (!address) {
                error_set_invalid(
                                error, "Cannot reach the user's service manager: $XDG_RUNTIME_DIR "
                                       "is not set");
                return NULL;
        }
        int r = sd_bus_new(&bus->bus);
        if (r >= 0)
                r = sd_bus_set_address(bus->bus, address);
        if (r >= 0)
                r = sd_bus_start(bus->bus);
        if (r < 0) {
                error_set_errno(error, r,
                                "Cannot reach the service manager, does systemd run here?");
                return NULL;
        }
        return g_steal_pointer(&bus);
}

sd_bus *bus_handle(Bus *bus) {
        return bus->bus;
}

void bus_free(Bus *bus) {
        if (!bus)
                return;
        sd_bus_flush_close_unref(bus->bus);
        g_hash_table_unref(bus->results);
        g_free(bus);
}

static bool
fail(GError **error, int r, const sd_bus_error *bus_error, const char *what, const char *object) {
        if (sd_bus_error_is_set(bus_error))
                return error_set(
                                error, ERROR_ERRNO, -r, "Cannot %s '%s': %s", what, object,
                                bus_error->message);
        return error_set_errno(error, r, "Cannot %s '%s'", what, object);
}

/* Job signals are sent to subscribers only; subscribing before the call loses none. */
static bool subscribe(Bus *bus, GError **error) {
        g_auto(sd_bus_error) bus_error = SD_BUS_ERROR_NULL;
        int r = sd_bus_match_signal(
                        bus->bus, NULL, NULL, MANAGER_PATH, MANAGER_INTERFACE, "JobRemoved",
                        on_job_removed, bus);
        if (r >= 0)
                r = sd_bus_call_method(
                                bus->bus, MANAGER_SERVICE, MANAGER_PATH, MANAGER_INTERFACE,
                                "Subscribe", &bus_error, NULL, NULL);
        if (r < 0 &&
            !sd_bus_error_has_name(&bus_error, "org.freedesktop.systemd1.AlreadySubscribed"))
                return fail(error, r, &bus_error, "subscribe to", "the service manager");
        return true;
}

static bool
wait_job(Bus *bus, const char *job, const char *what, const char *unit, GError **error) {
        const char *result;
        while (!(result = g_hash_table_lookup(bus->results, job))) {
                int r = sd_bus_process(bus->bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus->bus, UINT64_MAX);
                if (r < 0 && r != -EINTR)
                        return error_set_errno(error, r, "Cannot wait for the job of '%s'", unit);
        }
        if (strcmp(result, "done") != 0 && strcmp(result, "skipped") != 0)
                return error_set(
                                error, ERROR_ERRNO, EIO,
                                "Cannot %s '%s': the job ended with '%s'; see: systemctl status %s",
                                what, unit, result, unit);
        return true;
}

static bool
finish_job(Bus *bus, sd_bus_message *reply, const char *what, const char *unit, GError **error) {
        const char *job;
        int r = sd_bus_message_read(reply, "o", &job);
        if (r < 0)
                return error_set_errno(error, r, "Cannot read the job of '%s'", unit);
        return wait_job(bus, job, what, unit, error);
}

static bool
begin_job(Bus *bus,
          const char *method,
          const char *what,
          const char *unit,
          char **ret_job,
          GError **error) {
        g_auto(sd_bus_error) bus_error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        const char *job;
        if (!subscribe(bus, error))
                return false;
        int r = sd_bus_call_method(
                        bus->bus, MANAGER_SERVICE, MANAGER_PATH, MANAGER_INTERFACE, method,
                        &bus_error, &reply, "ss", unit, "replace");
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &job);
        if (r < 0)
                return fail(error, r, &bus_error, what, unit);
        *ret_job = g_strdup(job);
        return true;
}

bool bus_start_unit(Bus *bus, const char *unit, GError **error) {
        g_autofree char *job = NULL;
        return begin_job(bus, "StartUnit", "start", unit, &job, error) &&
               wait_job(bus, job, "start", unit, error);
}

bool bus_start_unit_begin(Bus *bus, const char *unit, GError **error) {
        g_autofree char *job = NULL;
        return begin_job(bus, "StartUnit", "start", unit, &job, error);
}

bool bus_restart_unit(Bus *bus, const char *unit, GError **error) {
        g_autofree char *job = NULL;
        return begin_job(bus, "RestartUnit", "restart", unit, &job, error) &&
               wait_job(bus, job, "restart", unit, error);
}

bool bus_stop_unit_begin(Bus *bus, const char *unit, char **ret_job, GError **error) {
        return begin_job(bus, "StopUnit", "stop", unit, ret_job, error);
}

bool bus_stop_unit_wait(Bus *bus, const char *unit, const char *job, GError **error) {
        return wait_job(bus, job, "stop", unit, error);
}

static bool
manager_call(Bus *bus, const char *method, const char *argument, const char *what, GError **error) {
        g_auto(sd_bus_error) bus_error = SD_BUS_ERROR_NULL;
        int r = sd_bus_call_method(
                        bus->bus, MANAGER_SERVICE, MANAGER_PATH, MANAGER_INTERFACE, method,
                        &bus_error, NULL, argument ? "s" : NULL, argument);
        return r < 0 ? fail(error, r, &bus_error, what, argument ? argument : "the service manager")
                     : true;
}

bool bus_reset_failed_unit(Bus *bus, const char *unit, GError **error) {
        return manager_call(bus, "ResetFailedUnit", unit, "reset", error);
}

bool bus_attach_self(Bus *bus, const char *unit, const char *sub_cgroup, GError **error) {
        g_auto(sd_bus_error) bus_error = SD_BUS_ERROR_NULL;
        int r = sd_bus_call_method(
                        bus->bus, MANAGER_SERVICE, MANAGER_PATH, MANAGER_INTERFACE,
                        "AttachProcessesToUnit", &bus_error, NULL, "ssau", unit, sub_cgroup, 1,
                        (uint32_t) getpid());
        return r < 0 ? fail(error, r, &bus_error, "enter", unit) : true;
}

bool bus_reload(Bus *bus, GError **error) {
        return manager_call(bus, "Reload", NULL, "reload", error);
}

bool bus_start_transient(
                Bus *bus, const char *unit, const UnitProperties *properties, GError **error) {
        g_auto(sd_bus_error) bus_error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) call = NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        if (!subscribe(bus, error))
                return false;
        int r = sd_bus_message_new_method_call(
                        bus->bus, &call, MANAGER_SERVICE, MANAGER_PATH, MANAGER_INTERFACE,
                        "StartTransientUnit");
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", unit, "fail");
        if (r >= 0)
                r = unit_properties_append(properties, call);
        if (r >= 0)
                r = sd_bus_message_append(call, "a(sa(sv))", 0);
        if (r >= 0)
                r = sd_bus_call(bus->bus, call, 0, &bus_error, &reply);
        if (r < 0)
                return fail(error, r, &bus_error, "start", unit);
        return finish_job(bus, reply, "start", unit, error);
}

static int append_unit(sd_bus_message *call, const char *unit, const UnitProperties *properties) {
        int r = sd_bus_message_open_container(call, SD_BUS_TYPE_STRUCT, "sa(sv)");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", unit);
        if (r >= 0)
                r = unit_properties_append(properties, call);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

bool bus_start_transient_timer(
                Bus *bus,
                const char *timer,
                const UnitProperties *timer_properties,
                const char *service,
                const UnitProperties *service_properties,
                GError **error) {
        g_auto(sd_bus_error) bus_error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) call = NULL;
        int r = sd_bus_message_new_method_call(
                        bus->bus, &call, MANAGER_SERVICE, MANAGER_PATH, MANAGER_INTERFACE,
                        "StartTransientUnit");
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", timer, "fail");
        if (r >= 0)
                r = unit_properties_append(timer_properties, call);
        if (r >= 0)
                r = sd_bus_message_open_container(call, SD_BUS_TYPE_ARRAY, "(sa(sv))");
        if (r >= 0)
                r = append_unit(call, service, service_properties);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        if (r >= 0)
                r = sd_bus_call(bus->bus, call, 0, &bus_error, NULL);
        if (r < 0 && sd_bus_error_has_name(&bus_error, "org.freedesktop.systemd1.UnitExists"))
                return true;
        return r >= 0 || fail(error, r, &bus_error, "start", timer);
}

bool bus_set_properties(
                Bus *bus, const char *unit, const UnitProperties *properties, GError **error) {
        g_auto(sd_bus_error) bus_error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) call = NULL;
        int r = sd_bus_message_new_method_call(
                        bus->bus, &call, MANAGER_SERVICE, MANAGER_PATH, MANAGER_INTERFACE,
                        "SetUnitProperties");
        if (r >= 0)
                r = sd_bus_message_append(call, "sb", unit, 1);
        if (r >= 0)
                r = unit_properties_append(properties, call);
        if (r >= 0)
                r = sd_bus_call(bus->bus, call, 0, &bus_error, NULL);
        return r >= 0 || fail(error, r, &bus_error, "set properties of", unit);
}

bool bus_freeze_unit(Bus *bus, const char *unit, bool freeze, GError **error) {
        return manager_call(
                        bus, freeze ? "FreezeUnit" : "ThawUnit", unit, freeze ? "freeze" : "thaw",
                        error);
}

static char *unit_path(const char *unit) {
        char *path = NULL;
        int r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path);
        g_assert(r >= 0); /* only ENOMEM */
        return path;
}

char *bus_get_unit_string(
                Bus *bus,
                const char *unit,
                const char *interface,
                const char *name,
                GError **error) {
        g_auto(sd_bus_error) bus_error = SD_BUS_ERROR_NULL;
        char *path = unit_path(unit);
        g_autofree char *full = g_strconcat("org.freedesktop.systemd1.", interface, NULL);
        char *value = NULL;
        int r = sd_bus_get_property_string(
                        bus->bus, MANAGER_SERVICE, path, full, name, &bus_error, &value);
        free(path); /* sd-bus's, from malloc(3) */
        if (r < 0) {
                fail(error, r, &bus_error, "read a property of", unit);
                return NULL;
        }
        char *copy = g_strdup(value);
        free(value);
        return copy;
}

bool bus_get_unit_int(
                Bus *bus,
                const char *unit,
                const char *interface,
                const char *name,
                int *ret_value,
                GError **error) {
        g_auto(sd_bus_error) bus_error = SD_BUS_ERROR_NULL;
        char *path = unit_path(unit);
        g_autofree char *full = g_strconcat("org.freedesktop.systemd1.", interface, NULL);
        int32_t value = 0;
        int r = sd_bus_get_property_trivial(
                        bus->bus, MANAGER_SERVICE, path, full, name, &bus_error, 'i', &value);
        free(path);
        if (r < 0)
                return fail(error, r, &bus_error, "read a property of", unit);
        *ret_value = value;
        return true;
}

char *bus_get_job_type(Bus *bus, const char *unit, GError **error) {
        g_auto(sd_bus_error) bus_error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        char *path = unit_path(unit);
        uint32_t id = 0;
        const char *job = NULL;
        char *type = NULL;
        int r = sd_bus_get_property(
                        bus->bus, MANAGER_SERVICE, path, "org.freedesktop.systemd1.Unit", "Job",
                        &bus_error, &reply, "(uo)");
        if (r >= 0)
                r = sd_bus_message_read(reply, "(uo)", &id, &job);
        if (r >= 0 && id != 0)
                r = sd_bus_get_property_string(
                                bus->bus, MANAGER_SERVICE, job, "org.freedesktop.systemd1.Job",
                                "JobType", &bus_error, &type);
        sd_bus_message_unref(reply);
        free(path);
        if (r < 0)
                fail(error, r, &bus_error, "read the job of", unit);
        g_autofree char *copy = g_strdup(type);
        free(type);
        return g_steal_pointer(&copy);
}
