/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities, security options, masked and read-only paths. */
#include <linux/capability.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "runtime/spec-build.h"

#define BIT(capability) (UINT64_C(1) << (capability))

/* Podman's eleven. */
#define DEFAULT_CAPABILITIES                                                                       \
        (BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) |              \
         BIT(CAP_KILL) | BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SETFCAP) | BIT(CAP_SETGID) |          \
         BIT(CAP_SETPCAP) | BIT(CAP_SETUID) | BIT(CAP_SYS_CHROOT))

static const char *const default_masked[] = {
        "/proc/acpi",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/interrupts",
        "/sys/dev/block",
        "/sys/devices/virtual/powercap",
        "/sys/firmware",
        "/sys/fs/selinux",
        NULL,
};

static const char *const default_readonly[] = {
        "/proc/asound", "/proc/bus",           "/proc/fs", "/proc/irq",
        "/proc/sys",    "/proc/sysrq-trigger", NULL,
};

static uint64_t all_capabilities(void) {
        return BIT(oci_capability_count()) - 1;
}

static bool fold(GPtrArray *list, bool add, uint64_t *set, GError **error) {
        for (guint i = 0; list && i < list->len; i++) {
                g_auto(GStrv) words = g_strsplit(list->pdata[i], ",", -1);
                for (char **word = words; *word; word++) {
                        bool all = g_ascii_strcasecmp(*word, "all") == 0;
                        int c = all ? 0 : oci_capability_from_text(*word);
                        if (c < 0)
                                return error_set_invalid(
                                                error,
                                                "invalid capability \"%s\": unknown capability in "
                                                "--cap-%s",
                                                *word, add ? "add" : "drop");
                        uint64_t bits = all ? all_capabilities() : BIT(c);
                        *set = add ? *set | bits : *set & ~bits;
                }
        }
        return true;
}

/* What was added explicitly is also ambient for a payload that is not root; the rest would be lost
 * by execve(2) anyway. The inheritable set stays empty otherwise (CVE-2022-29162). */
static bool build_capabilities(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        uint64_t set = o->privileged ? all_capabilities() : DEFAULT_CAPABILITIES;
        uint64_t added = 0;
        bool drops_all = false;
        for (guint i = 0; o->cap_drop && i < o->cap_drop->len; i++)
                drops_all = drops_all || g_ascii_strcasecmp(o->cap_drop->pdata[i], "all") == 0;
        if (drops_all)
                set = 0; /* then --cap-add counts from nothing, in whatever order they were given */
        if (!fold(o->cap_add, true, &added, error))
                return false;
        set |= added;
        if (!drops_all && !fold(o->cap_drop, false, &set, error))
                return false;
        added &= set;
        spec->capabilities[OCI_CAPABILITY_BOUNDING] = set;
        uint64_t effective = spec->uid == 0 ? set : added;
        spec->capabilities[OCI_CAPABILITY_EFFECTIVE] = effective;
        spec->capabilities[OCI_CAPABILITY_PERMITTED] = effective;
        if (spec->uid != 0) {
                spec->capabilities[OCI_CAPABILITY_INHERITABLE] = added;
                spec->capabilities[OCI_CAPABILITY_AMBIENT] = added;
        }
        return true;
}

static void add_paths(char ***list, const char *text) {
        g_auto(GStrv) words = g_strsplit(text, ":", -1);
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_strv_builder_addv(builder, (const char **) *list);
        g_strv_builder_addv(builder, (const char **) words);
        g_strfreev(*list);
        *list = g_strv_builder_end(builder);
}

static void remove_path(char **list, const char *path) {
        char **to = list;
        for (; *list; list++) {
                if (g_pattern_match_simple(path, *list))
                        g_free(*list);
                else
                        *to++ = *list;
        }
        *to = NULL;
}

static void unmask(OciSpec *spec, const char *text) {
        g_auto(GStrv) words = g_strsplit(text, ":", -1);
        for (char **word = words; *word; word++) {
                bool all = g_ascii_strcasecmp(*word, "all") == 0;
                remove_path(spec->masked_paths, all ? "*" : *word);
                remove_path(spec->readonly_paths, all ? "*" : *word);
        }
}

/* Labels mean something only where SELinux is on; there they are not supported yet. */
static bool label_option(const char *value, GError **error) {
        if (!g_file_test("/sys/fs/selinux/enforce", G_FILE_TEST_EXISTS) ||
            strcmp(value, "disable") == 0)
                return true;
        return error_set_invalid(error, "--security-opt label=%s is not supported", value);
}

static bool security_option(const char *text, OciSpec *spec, GError **error) {
        const char *value = strpbrk(text, "=:");
        g_autofree char *name = value ? g_strndup(text, (gsize) (value - text)) : g_strdup(text);
        value = value ? value + 1 : "";
        if (strcmp(name, "no-new-privileges") == 0) {
                bool on = true;
                if (*value && !text_parse_bool(value, &on))
                        return error_set_invalid(error, "invalid --security-opt '%s'", text);
                spec->no_new_privileges = on;
                return true;
        }
        if (strcmp(name, "seccomp") == 0) {
                g_hash_table_insert(
                                spec->annotations, g_strdup(SPEC_ANNOTATION_SECCOMP),
                                g_strdup(value));
                return true;
        }
        if (strcmp(name, "mask") == 0) {
                add_paths(&spec->masked_paths, value);
                return true;
        }
        if (strcmp(name, "unmask") == 0) {
                unmask(spec, value);
                return true;
        }
        if (strcmp(name, "label") == 0)
                return label_option(value, error);
        if (strcmp(name, "apparmor") == 0) {
                if (strcmp(value, "unconfined") == 0 ||
                    !g_file_test("/sys/kernel/security/apparmor", G_FILE_TEST_EXISTS))
                        return true;
                return error_set_invalid(
                                error, "--security-opt apparmor=%s is not supported", value);
        }
        return error_set_invalid(error, "invalid --security-opt '%s'", text);
}

bool spec_build_security(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        if (!build_capabilities(request, spec, error))
                return false;
        if (o->privileged) {
                g_hash_table_insert(
                                spec->annotations, g_strdup(SPEC_ANNOTATION_SECCOMP),
                                g_strdup("unconfined"));
        } else {
                g_strfreev(spec->masked_paths);
                g_strfreev(spec->readonly_paths);
                spec->masked_paths = g_strdupv((char **) default_masked);
                spec->readonly_paths = g_strdupv((char **) default_readonly);
        }
        for (guint i = 0; o->security_opt && i < o->security_opt->len; i++)
                if (!security_option(o->security_opt->pdata[i], spec, error))
                        return false;
        return true;
}
