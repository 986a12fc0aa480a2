/* SPDX-License-Identifier: Apache-2.0 */
/* The one file that knows libseccomp: profiles to BPF, and the cache of compiled programs. */
#include "runtime/syscall-filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "oci/spec.h"
#include "runtime/syscall-filter-profile.h"

#define SECCOMP_PROGRAM_MAX (BPF_MAXINSNS * sizeof(struct sock_filter))

/* linux/filter.h and seccomp.h both stand; libseccomp's context gets a cleanup of ours. */
static void filter_release(scmp_filter_ctx *filter) {
        if (*filter)
                seccomp_release(*filter);
}
#define autofilter __attribute__((cleanup(filter_release)))

typedef struct ActionRow {
        const char *text;
        uint32_t action; /* errno or trace data is or-ed in */
        bool takes_errno;
} ActionRow;

static bool action_from_text(const char *text, int64_t errno_value, uint32_t *ret_action) {
        static const ActionRow rows[] = {
                { "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, false },
                { "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0), true },
                { "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD, false },
                { "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, false },
                { "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, false },
                { "SCMP_ACT_TRAP", SCMP_ACT_TRAP, false },
                { "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0), true },
                { "SCMP_ACT_LOG", SCMP_ACT_LOG, false },
                { "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY, false },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (strcmp(rows[i].text, text) == 0) {
                        *ret_action = rows[i].action |
                                      (rows[i].takes_errno ? (uint32_t) errno_value & 0xffff : 0);
                        return true;
                }
        return false;
}

static bool compare_from_text(const char *text, enum scmp_compare *ret_compare) {
        static const struct {
                const char *text;
                enum scmp_compare compare;
        } rows[] = {
                { "SCMP_CMP_NE", SCMP_CMP_NE },
                { "SCMP_CMP_LT", SCMP_CMP_LT },
                { "SCMP_CMP_LE", SCMP_CMP_LE },
                { "SCMP_CMP_EQ", SCMP_CMP_EQ },
                { "SCMP_CMP_GE", SCMP_CMP_GE },
                { "SCMP_CMP_GT", SCMP_CMP_GT },
                { "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (strcmp(rows[i].text, text) == 0) {
                        *ret_compare = rows[i].compare;
                        return true;
                }
        return false;
}

/* The profile's names of architectures are Go's ("amd64"); ours is what we were built for. */
const char *syscall_filter_architecture(void) {
#if defined(__x86_64__)
        return "amd64";
#elif defined(__aarch64__)
        return "arm64";
#elif defined(__riscv)
        return "riscv64";
#elif defined(__powerpc64__)
        return "ppc64le";
#elif defined(__s390x__)
        return "s390x";
#else
        return "unknown";
#endif
}

/* True when every (all) or any of the listed conditions holds. */
static bool
condition_holds(JsonObject *condition, uint64_t capabilities, bool all, GError **error, bool *ret) {
        g_auto(GStrv) caps = NULL;
        g_auto(GStrv) arches = NULL;
        if (!json_get_strings(condition, "caps", &caps, error) ||
            !json_get_strings(condition, "arches", &arches, error))
                return false;
        unsigned int asked = 0, held = 0;
        for (char **cap = caps; cap && *cap; cap++) {
                int c = oci_capability_from_text(*cap);
                asked++;
                held += c >= 0 && capabilities & (UINT64_C(1) << c);
        }
        if (arches && arches[0]) {
                asked++;
                held += g_strv_contains(
                                (const char *const *) arches, syscall_filter_architecture());
        }
        *ret = all ? held == asked : held > 0;
        return true;
}

bool syscall_filter_group_applies(
                JsonObject *group, uint64_t capabilities, bool *ret, GError **error) {
        JsonObject *includes, *excludes;
        bool included = true, excluded = false;
        if (!json_get_object(group, "includes", &includes, error) ||
            !json_get_object(group, "excludes", &excludes, error))
                return false;
        if (includes && !condition_holds(includes, capabilities, true, error, &included))
                return false;
        if (excludes && !condition_holds(excludes, capabilities, false, error, &excluded))
                return false;
        *ret = included && !excluded;
        return true;
}

static bool
parse_arguments(JsonArray *args,
                struct scmp_arg_cmp *compares,
                unsigned int *ret_n,
                GError **error) {
        guint n = args ? json_array_get_length(args) : 0;
        if (n > 6)
                return error_set_invalid(error, "more than 6 arguments");
        for (guint i = 0; i < n; i++) {
                JsonObject *arg;
                int64_t index, value, value_two;
                const char *op;
                enum scmp_compare compare;
                if (!json_element_object(args, i, &arg, error) ||
                    !json_get_int(arg, "index", &index, error) ||
                    !json_get_int(arg, "value", &value, error) ||
                    !json_get_int(arg, "valueTwo", &value_two, error) ||
                    !json_need_string(arg, "op", &op, error))
                        return false;
                if (index < 0 || index > 5 || !compare_from_text(op, &compare))
                        return error_set_invalid(error, "bad argument rule with op \"%s\"", op);
                compares[i] = (struct scmp_arg_cmp){
                        .arg = (unsigned int) index,
                        .op = compare,
                        .datum_a = (scmp_datum_t) value,
                        .datum_b = (scmp_datum_t) value_two,
                };
        }
        *ret_n = n;
        return true;
}

/* Adds one rule; a name or a combination that this libseccomp does not know is skipped, as the
 * profile is written for many kernels. */
static bool
add_rule(scmp_filter_ctx filter,
         uint32_t action,
         const char *name,
         const struct scmp_arg_cmp *compares,
         unsigned int n,
         GError **error) {
        int number = seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR)
                return true;
        int r = seccomp_rule_add_array(filter, action, number, n, compares);
        if (r < 0 && r != -EEXIST && r != -EACCES && r != -EDOM && r != -EINVAL)
                return error_set_errno(error, r, "Cannot add rule for system call '%s'", name);
        return true;
}

static bool
add_group(scmp_filter_ctx filter, JsonObject *group, uint32_t default_action, GError **error) {
        g_auto(GStrv) names = NULL;
        const char *action_text, *one_name;
        JsonArray *args;
        int64_t errno_value;
        uint32_t action;
        struct scmp_arg_cmp compares[6];
        unsigned int n;
        if (!json_get_strings(group, "names", &names, error) ||
            !json_get_string(group, "name", &one_name, error) ||
            !json_need_string(group, "action", &action_text, error) ||
            !json_get_int(group, "errnoRet", &errno_value, error) ||
            !json_get_array(group, "args", &args, error) ||
            !parse_arguments(args, compares, &n, error))
                return false;
        if (!json_object_has_member(group, "errnoRet"))
                errno_value = EPERM;
        if (!action_from_text(action_text, errno_value, &action))
                return error_set_invalid(error, "unknown action \"%s\"", action_text);
        if (action == default_action)
                return true;
        if (one_name && !add_rule(filter, action, one_name, compares, n, error))
                return false;
        for (char **name = names; name && *name; name++)
                if (!add_rule(filter, action, *name, compares, n, error))
                        return false;
        return true;
}

static bool add_sub_architectures(scmp_filter_ctx filter, GError **error) {
#if defined(__x86_64__)
        static const uint32_t subs[] = { SCMP_ARCH_X86, SCMP_ARCH_X32 };
#elif defined(__aarch64__)
        static const uint32_t subs[] = { SCMP_ARCH_ARM };
#else
        static const uint32_t subs[] = {};
#endif
        for (size_t i = 0; i < G_N_ELEMENTS(subs); i++) {
                int r = seccomp_arch_add(filter, subs[i]);
                if (r < 0 && r != -EEXIST)
                        return error_set_errno(error, r, "Cannot add a sub-architecture");
        }
        return true;
}

/* linux.seccomp.architectures of the runtime specification: those and our own. */
static bool add_architectures(scmp_filter_ctx filter, char *const *names, GError **error) {
        for (; *names; names++) {
                g_autofree char *name =
                                g_str_has_prefix(*names, "SCMP_ARCH_")
                                                ? g_ascii_strdown(*names + strlen("SCMP_ARCH_"), -1)
                                                : NULL;
                uint32_t token = name ? seccomp_arch_resolve_name(name) : 0;
                if (token == 0)
                        return error_set_invalid(
                                        error, "unknown seccomp architecture \"%s\"", *names);
                int r = seccomp_arch_add(filter, token);
                if (r < 0 && r != -EEXIST)
                        return error_set_errno(
                                        error, r, "Cannot filter for architecture '%s'", *names);
        }
        return true;
}

bool syscall_filter_export(void *filter, GBytes **ret_program, GError **error) {
        autofd int fd = memfd_create("seccomp", MFD_CLOEXEC);
        if (fd < 0)
                return error_set_errno(error, errno, "Cannot create a memory file");
        int r = seccomp_export_bpf(filter, fd);
        if (r < 0)
                return error_set_errno(error, r, "Cannot compile the seccomp filter");
        if (lseek(fd, 0, SEEK_SET) < 0)
                return error_set_errno(error, errno, "Cannot rewind the seccomp filter");
        return file_read_fd(fd, "seccomp filter", SECCOMP_PROGRAM_MAX, ret_program, error);
}

static bool
build_filter(JsonObject *top, uint64_t capabilities, GBytes **ret_program, GError **error) {
        const char *default_text;
        int64_t default_errno;
        JsonArray *groups;
        uint32_t default_action;
        if (!json_need_string(top, "defaultAction", &default_text, error) ||
            !json_get_int(top, "defaultErrnoRet", &default_errno, error) ||
            !json_get_array(top, "syscalls", &groups, error))
                return false;
        if (!json_object_has_member(top, "defaultErrnoRet"))
                default_errno = EPERM;
        if (!action_from_text(default_text, default_errno, &default_action))
                return error_set_invalid(error, "unknown defaultAction \"%s\"", default_text);
        autofilter scmp_filter_ctx filter = seccomp_init(default_action);
        if (!filter)
                return error_set_errno(error, EINVAL, "Cannot start a seccomp filter");
        /* The launcher's setting rules, in the child; the filter itself must not ask for it. */
        (void) seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
        /* a binary tree: the kernel walks the program once for every system call number when it
         * loads it, which is most of the time that a start takes (libseccomp 2.5) */
        (void) seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        g_auto(GStrv) architectures = NULL;
        if (!json_get_strings(top, "architectures", &architectures, error) ||
            !(architectures ? add_architectures(filter, architectures, error)
                            : add_sub_architectures(filter, error)))
                return false;
        for (guint i = 0; groups && i < json_array_get_length(groups); i++) {
                JsonObject *group;
                bool applies;
                if (!json_element_object(groups, i, &group, error) ||
                    !syscall_filter_group_applies(group, capabilities, &applies, error))
                        return false;
                if (applies && !add_group(filter, group, default_action, error)) {
                        g_prefix_error(error, "syscalls[%u]: ", i);
                        return false;
                }
        }
        return syscall_filter_export(filter, ret_program, error);
}

bool syscall_filter_compile(
                const char *bytes,
                size_t size,
                uint64_t bounding_capabilities,
                const char *what,
                GBytes **ret_program,
                GError **error) {
        g_autoptr(JsonNode) root = NULL;
        JsonObject *top;
        if (!json_parse_object(bytes, size, SECCOMP_PROFILE_SIZE_MAX, what, &root, &top, error))
                return false;
        if (!build_filter(top, bounding_capabilities, ret_program, error)) {
                g_prefix_error(error, "seccomp profile '%s': ", what);
                return false;
        }
        return true;
}

bool syscall_filter_compile_spec(
                JsonNode *seccomp,
                GBytes **ret_program,
                unsigned int *ret_flags,
                bool *ret_notifies,
                GError **error) {
        static const struct {
                const char *text;
                unsigned int flag;
        } rows[] = {
                { "SECCOMP_FILTER_FLAG_TSYNC", 0 }, /* there is one thread */
                { "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
                { "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
                { "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1u << 5 }, /* Linux 5.19 */
        };
        g_autofree char *text = json_format(seccomp, false);
        g_autoptr(JsonNode) root = NULL;
        g_auto(GStrv) flags = NULL;
        JsonObject *top;
        if (!json_parse_object(
                            text, strlen(text), SECCOMP_PROFILE_SIZE_MAX, "linux.seccomp", &root,
                            &top, error) ||
            !json_get_strings(top, "flags", &flags, error) ||
            !build_filter(top, 0, ret_program, error)) {
                g_prefix_error(error, "linux.seccomp: ");
                return false;
        }
        *ret_flags = 0;
        for (char **flag = flags; flag && *flag; flag++) {
                size_t i = 0;
                while (i < G_N_ELEMENTS(rows) && strcmp(rows[i].text, *flag) != 0)
                        i++;
                if (i == G_N_ELEMENTS(rows))
                        return error_set_invalid(error, "unknown seccomp flag \"%s\"", *flag);
                *ret_flags |= rows[i].flag;
        }
        *ret_notifies = strstr(text, "\"SCMP_ACT_NOTIFY\"");
        if (*ret_notifies)
                *ret_flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
        else
                *ret_flags &= ~(1u << 5); /* means something with a listener only */
        return true;
}

/* The key names all that goes into the program, without reading the profile. */
static char *cache_name(const char *path, const struct stat *st, uint64_t capabilities) {
        const struct scmp_version *version = seccomp_version();
        g_autofree char *text = g_strdup_printf(
                        "2|%s|%ju.%09ld|%jd|%ju|%s|%016" G_GINT64_MODIFIER "x|%u.%u.%u", path,
                        (uintmax_t) st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (intmax_t) st->st_size,
                        (uintmax_t) st->st_ino, syscall_filter_architecture(), capabilities,
                        version->major, version->minor, version->micro);
        g_autofree char *digest = digest_of_bytes(text, strlen(text));
        return g_strconcat("seccomp-", digest_hex(digest), ".bpf", NULL);
}

static bool load_cached(int dir_fd, const char *name, GBytes **ret_program) {
        g_autoptr(GBytes) program = NULL;
        if (!file_read(dir_fd, name, SECCOMP_PROGRAM_MAX, &program, NULL))
                return false; /* not there yet */
        gsize size = g_bytes_get_size(program);
        if (size == 0 || size % sizeof(struct sock_filter) != 0)
                return false;
        *ret_program = g_steal_pointer(&program);
        return true;
}

const char *syscall_filter_find_profile(const char *asked, struct stat *st) {
        static const char *const defaults[] = {
                "/etc/containers/seccomp.json",
                "/usr/share/containers/seccomp.json",
        };
        if (asked)
                return stat(asked, st) == 0 ? asked : NULL;
        for (size_t i = 0; i < G_N_ELEMENTS(defaults); i++)
                if (stat(defaults[i], st) == 0)
                        return defaults[i];
        return NULL;
}

bool syscall_filter_load(
                const SyscallFilterRequest *request, GBytes **ret_program, GError **error) {
        struct stat st = { 0 };
        const char *path = syscall_filter_find_profile(request->profile_path, &st);
        if (!path && request->profile_path)
                return error_set_errno(
                                error, errno, "Cannot open seccomp profile '%s'",
                                request->profile_path);
        g_autofree char *name =
                        cache_name(path ? path : "builtin", &st, request->bounding_capabilities);
        autofd int dir_fd = request->cache_dir ? open(request->cache_dir,
                                                      O_PATH | O_DIRECTORY | O_CLOEXEC)
                                               : -1;
        if (dir_fd >= 0 && load_cached(dir_fd, name, ret_program))
                return true;

        g_autoptr(GBytes) program = NULL;
        if (path) {
                g_autoptr(GBytes) profile = NULL;
                if (!file_read(AT_FDCWD, path, SECCOMP_PROFILE_SIZE_MAX, &profile, error))
                        return false;
                gsize size;
                const char *bytes = g_bytes_get_data(profile, &size);
                if (!syscall_filter_compile(
                                    bytes, size, request->bounding_capabilities, path, &program,
                                    error))
                        return false;
        } else if (!syscall_filter_compile_builtin(
                                   request->bounding_capabilities, &program, error)) {
                return false;
        }
        gsize size;
        const void *bytes = g_bytes_get_data(program, &size);
        if (dir_fd >= 0) /* only a cache: the next start compiles again */
                (void) file_replace(dir_fd, name, bytes, size, 0600, FILE_VOLATILE, NULL);
        *ret_program = g_steal_pointer(&program);
        return true;
}
