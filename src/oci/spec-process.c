/* SPDX-License-Identifier: Apache-2.0 */
/* "process" of config.json: user, command, capabilities, limits, scheduling. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "oci/spec-parts.h"

/* sched_setattr(2); linux/sched.h has no names for the text */
static const struct {
        const char *name;
        uint64_t bit;
} scheduler_flags[] = {
        { "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
        { "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
        { "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
        { "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
};

static const char *const set_names[] = {
        [OCI_CAPABILITY_BOUNDING] = "bounding",       [OCI_CAPABILITY_EFFECTIVE] = "effective",
        [OCI_CAPABILITY_INHERITABLE] = "inheritable", [OCI_CAPABILITY_PERMITTED] = "permitted",
        [OCI_CAPABILITY_AMBIENT] = "ambient",
};

static JsonObject *format_capabilities(const OciSpec *spec) {
        JsonObject *object = json_object_new();
        for (int s = 0; s < OCI_CAPABILITY_SET_MAX; s++) {
                JsonArray *names = json_array_new();
                for (int i = 0; i < oci_capability_count(); i++)
                        if (spec->capabilities[s] & (UINT64_C(1) << i))
                                json_array_add_string_element(names, oci_capability_to_text(i));
                json_object_set_array_member(object, set_names[s], names);
        }
        return object;
}

static void format_scheduling(const OciSpec *spec, JsonObject *process) {
        const OciScheduler *s = &spec->scheduler;
        if (s->present) {
                JsonArray *flags = json_array_new();
                for (size_t i = 0; i < G_N_ELEMENTS(scheduler_flags); i++)
                        if (s->flags & scheduler_flags[i].bit)
                                json_array_add_string_element(flags, scheduler_flags[i].name);
                JsonObject *object = json_object_new();
                json_object_set_string_member(object, "policy", s->policy);
                json_object_set_int_member(object, "nice", s->nice);
                json_object_set_int_member(object, "priority", s->priority);
                json_object_set_array_member(object, "flags", flags);
                json_object_set_int_member(object, "runtime", (int64_t) s->runtime);
                json_object_set_int_member(object, "deadline", (int64_t) s->deadline);
                json_object_set_int_member(object, "period", (int64_t) s->period);
                json_object_set_object_member(process, "scheduler", object);
        }
        if (spec->io_class) {
                JsonObject *object = json_object_new();
                json_object_set_string_member(object, "class", spec->io_class);
                json_object_set_int_member(object, "priority", spec->io_priority);
                json_object_set_object_member(process, "ioPriority", object);
        }
        if (spec->cpu_affinity_initial || spec->cpu_affinity_final) {
                JsonObject *object = json_object_new();
                if (spec->cpu_affinity_initial)
                        json_object_set_string_member(
                                        object, "initial", spec->cpu_affinity_initial);
                if (spec->cpu_affinity_final)
                        json_object_set_string_member(object, "final", spec->cpu_affinity_final);
                json_object_set_object_member(process, "execCPUAffinity", object);
        }
}

JsonObject *spec_format_process(const OciSpec *spec) {
        JsonObject *user = json_object_new();
        json_object_set_int_member(user, "uid", spec->uid);
        json_object_set_int_member(user, "gid", spec->gid);
        json_object_set_int_member(user, "umask", spec->umask);
        if (spec->additional_gids->len > 0) {
                JsonArray *gids = json_array_new();
                for (guint i = 0; i < spec->additional_gids->len; i++)
                        json_array_add_int_element(
                                        gids, g_array_index(spec->additional_gids, gid_t, i));
                json_object_set_array_member(user, "additionalGids", gids);
        }
        if (spec->user_name)
                json_object_set_string_member(user, "username", spec->user_name);

        JsonObject *process = json_object_new();
        json_object_set_boolean_member(process, "terminal", spec->terminal);
        json_object_set_object_member(process, "user", user);
        json_set_strings(process, "args", (const char *const *) spec->args);
        json_set_strings(process, "env", (const char *const *) spec->env);
        json_object_set_string_member(process, "cwd", spec->cwd ? spec->cwd : "/");
        json_object_set_object_member(process, "capabilities", format_capabilities(spec));
        JsonArray *rlimits = json_array_new();
        for (guint i = 0; i < spec->rlimits->len; i++) {
                const OciRlimit *r = spec->rlimits->pdata[i];
                JsonObject *object = json_object_new();
                json_object_set_string_member(object, "type", r->type);
                json_object_set_int_member(object, "hard", (int64_t) r->hard);
                json_object_set_int_member(object, "soft", (int64_t) r->soft);
                json_array_add_object_element(rlimits, object);
        }
        json_object_set_array_member(process, "rlimits", rlimits);
        json_object_set_boolean_member(process, "noNewPrivileges", spec->no_new_privileges);
        if (spec->has_oom_score_adj)
                json_object_set_int_member(process, "oomScoreAdj", spec->oom_score_adj);
        if (spec->apparmor_profile)
                json_object_set_string_member(process, "apparmorProfile", spec->apparmor_profile);
        if (spec->selinux_label)
                json_object_set_string_member(process, "selinuxLabel", spec->selinux_label);
        if (spec->console_height > 0 || spec->console_width > 0) {
                JsonObject *size = json_object_new();
                json_object_set_int_member(size, "height", spec->console_height);
                json_object_set_int_member(size, "width", spec->console_width);
                json_object_set_object_member(process, "consoleSize", size);
        }
        format_scheduling(spec, process);
        return process;
}

/* The value of an integer member that must fit [min, max]. */
bool spec_get_ranged(
                JsonObject *object,
                const char *name,
                int64_t min,
                int64_t max,
                int64_t *ret,
                GError **error) {
        int64_t value;
        if (!json_get_int(object, name, &value, error))
                return false;
        if (!json_object_has_member(object, name) || json_object_get_null_member(object, name))
                return true;
        if (value < min || value > max)
                return error_set_invalid(error, "member \"%s\" is out of range", name);
        *ret = value;
        return true;
}

bool spec_get_copy(JsonObject *object, const char *name, char **ret, GError **error) {
        const char *text;
        if (!json_get_string(object, name, &text, error))
                return false;
        g_free(*ret);
        *ret = g_strdup(text);
        return true;
}

static bool parse_capabilities(JsonObject *process, OciSpec *spec, GError **error) {
        JsonObject *capabilities;
        if (!json_get_object(process, "capabilities", &capabilities, error))
                return false;
        for (int s = 0; capabilities && s < OCI_CAPABILITY_SET_MAX; s++) {
                g_auto(GStrv) names = NULL;
                if (!json_get_strings(capabilities, set_names[s], &names, error))
                        return false;
                for (char **name = names; name && *name; name++) {
                        int c = oci_capability_from_text(*name);
                        if (c <
                            0) /* config.md: unknown capabilities are to be refused or warned of */
                                return error_set_invalid(error, "unknown capability \"%s\"", *name);
                        spec->capabilities[s] |= UINT64_C(1) << c;
                }
        }
        return true;
}

static bool parse_user(JsonObject *process, OciSpec *spec, GError **error) {
        JsonObject *user;
        if (!json_get_object(process, "user", &user, error))
                return false;
        if (!user)
                return true;
        int64_t uid = 0, gid = 0, mask = 0022;
        if (!spec_get_ranged(user, "uid", 0, UINT32_MAX - 1, &uid, error) ||
            !spec_get_ranged(user, "gid", 0, UINT32_MAX - 1, &gid, error))
                return false;
        if (json_object_has_member(user, "umask") &&
            !spec_get_ranged(user, "umask", 0, 0777, &mask, error))
                return false;
        spec->uid = (uid_t) uid;
        spec->gid = (gid_t) gid;
        spec->umask = (mode_t) mask;
        JsonArray *gids;
        if (!json_get_array(user, "additionalGids", &gids, error))
                return false;
        for (guint i = 0; gids && i < json_array_get_length(gids); i++) {
                gid_t id = (gid_t) json_array_get_int_element(gids, i);
                g_array_append_val(spec->additional_gids, id);
        }
        const char *name;
        if (!json_get_string(user, "username", &name, error))
                return false;
        spec->user_name = g_strdup(name);
        return true;
}

static bool parse_rlimits(JsonObject *process, OciSpec *spec, GError **error) {
        JsonArray *rlimits;
        if (!json_get_array(process, "rlimits", &rlimits, error))
                return false;
        for (guint i = 0; rlimits && i < json_array_get_length(rlimits); i++) {
                JsonObject *object;
                const char *type;
                int64_t soft, hard;
                if (!json_element_object(rlimits, i, &object, error) ||
                    !json_need_string(object, "type", &type, error) ||
                    !json_need_int(object, "soft", &soft, error) ||
                    !json_need_int(object, "hard", &hard, error))
                        return false;
                oci_spec_add_rlimit(spec, type, (uint64_t) soft, (uint64_t) hard);
        }
        return true;
}

static bool parse_scheduler(JsonObject *process, OciScheduler *s, GError **error) {
        JsonObject *object;
        if (!json_get_object(process, "scheduler", &object, error))
                return false;
        if (!object)
                return true;
        int64_t nice = 0, priority = 0, runtime = 0, deadline = 0, period = 0;
        g_auto(GStrv) flags = NULL;
        if (!spec_get_copy(object, "policy", &s->policy, error) ||
            !spec_get_ranged(object, "nice", -20, 19, &nice, error) ||
            !spec_get_ranged(object, "priority", 0, 99, &priority, error) ||
            !spec_get_ranged(object, "runtime", 0, INT64_MAX, &runtime, error) ||
            !spec_get_ranged(object, "deadline", 0, INT64_MAX, &deadline, error) ||
            !spec_get_ranged(object, "period", 0, INT64_MAX, &period, error) ||
            !json_get_strings(object, "flags", &flags, error))
                return false;
        if (!s->policy)
                return error_set_invalid(error, "scheduler policy is required");
        for (char **flag = flags; flag && *flag; flag++) {
                size_t i = 0;
                while (i < G_N_ELEMENTS(scheduler_flags) &&
                       strcmp(scheduler_flags[i].name, *flag) != 0)
                        i++;
                if (i == G_N_ELEMENTS(scheduler_flags))
                        return error_set_invalid(error, "unknown scheduler flag \"%s\"", *flag);
                s->flags |= scheduler_flags[i].bit;
        }
        s->present = true;
        s->nice = (int) nice;
        s->priority = (int) priority;
        s->runtime = (uint64_t) runtime;
        s->deadline = (uint64_t) deadline;
        s->period = (uint64_t) period;
        return true;
}

static bool parse_scheduling(JsonObject *process, OciSpec *spec, GError **error) {
        JsonObject *io, *affinity, *size;
        int64_t priority = 0, height = 0, width = 0;
        if (!parse_scheduler(process, &spec->scheduler, error) ||
            !json_get_object(process, "ioPriority", &io, error) ||
            !json_get_object(process, "execCPUAffinity", &affinity, error) ||
            !json_get_object(process, "consoleSize", &size, error))
                return false;
        if (io && (!spec_get_copy(io, "class", &spec->io_class, error) ||
                   !spec_get_ranged(io, "priority", 0, 7, &priority, error)))
                return false;
        if (affinity && (!spec_get_copy(affinity, "initial", &spec->cpu_affinity_initial, error) ||
                         !spec_get_copy(affinity, "final", &spec->cpu_affinity_final, error)))
                return false;
        if (size && (!spec_get_ranged(size, "height", 0, UINT16_MAX, &height, error) ||
                     !spec_get_ranged(size, "width", 0, UINT16_MAX, &width, error)))
                return false;
        spec->io_priority = (int) priority;
        spec->console_height = (unsigned int) height;
        spec->console_width = (unsigned int) width;
        return true;
}

bool spec_parse_process(JsonObject *process, OciSpec *spec, GError **error) {
        const char *cwd, *apparmor, *selinux;
        int64_t score = 0;
        if (!json_get_bool(process, "terminal", &spec->terminal, error) ||
            !parse_user(process, spec, error) ||
            !json_get_strings(process, "args", &spec->args, error) ||
            !json_get_strings(process, "env", &spec->env, error) ||
            !json_get_string(process, "cwd", &cwd, error) ||
            !parse_capabilities(process, spec, error) || !parse_rlimits(process, spec, error) ||
            !json_get_bool(process, "noNewPrivileges", &spec->no_new_privileges, error) ||
            !spec_get_ranged(process, "oomScoreAdj", -1000, 1000, &score, error) ||
            !json_get_string(process, "apparmorProfile", &apparmor, error) ||
            !json_get_string(process, "selinuxLabel", &selinux, error) ||
            !parse_scheduling(process, spec, error))
                return false;
        spec->cwd = g_strdup(cwd);
        spec->has_oom_score_adj = json_object_has_member(process, "oomScoreAdj");
        spec->oom_score_adj = (int) score;
        spec->apparmor_profile = g_strdup(apparmor);
        spec->selinux_label = g_strdup(selinux);
        return true;
}
