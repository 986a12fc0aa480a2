/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as linux.seccomp of the runtime specification, which has no conditions any more. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "runtime/syscall-filter-profile.h"

/* Our architecture with its sub-architectures, of the profile's archMap. */
static bool copy_architectures(JsonObject *profile, JsonObject *seccomp, GError **error) {
        static const struct {
                const char *go, *seccomp;
        } names[] = {
                { "amd64", "SCMP_ARCH_X86_64" },    { "arm64", "SCMP_ARCH_AARCH64" },
                { "riscv64", "SCMP_ARCH_RISCV64" }, { "ppc64le", "SCMP_ARCH_PPC64LE" },
                { "s390x", "SCMP_ARCH_S390X" },
        };
        JsonArray *map;
        if (!json_get_array(profile, "archMap", &map, error))
                return false;
        for (guint i = 0; map && i < json_array_get_length(map); i++) {
                JsonObject *row;
                const char *architecture;
                g_auto(GStrv) subs = NULL;
                if (!json_element_object(map, i, &row, error) ||
                    !json_need_string(row, "architecture", &architecture, error) ||
                    !json_get_strings(row, "subArchitectures", &subs, error))
                        return false;
                for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
                        if (strcmp(names[n].go, syscall_filter_architecture()) != 0 ||
                            strcmp(names[n].seccomp, architecture) != 0)
                                continue;
                        JsonArray *list = json_array_new();
                        json_array_add_string_element(list, architecture);
                        for (char **sub = subs; sub && *sub; sub++)
                                json_array_add_string_element(list, *sub);
                        json_object_set_array_member(seccomp, "architectures", list);
                }
        }
        return true;
}

static bool
copy_groups(JsonObject *profile, uint64_t capabilities, JsonObject *seccomp, GError **error) {
        static const char *const members[] = { "names", "action", "errnoRet", "args" };
        JsonArray *groups, *list = json_array_new();
        json_object_set_array_member(seccomp, "syscalls", list);
        if (!json_get_array(profile, "syscalls", &groups, error))
                return false;
        for (guint i = 0; groups && i < json_array_get_length(groups); i++) {
                JsonObject *group;
                bool applies;
                if (!json_element_object(groups, i, &group, error) ||
                    !syscall_filter_group_applies(group, capabilities, &applies, error))
                        return false;
                if (!applies)
                        continue;
                JsonObject *copy = json_object_new();
                for (size_t m = 0; m < G_N_ELEMENTS(members); m++) {
                        JsonNode *node = json_object_get_member(group, members[m]);
                        if (node && !JSON_NODE_HOLDS_NULL(node))
                                json_object_set_member(copy, members[m], json_node_copy(node));
                }
                json_array_add_object_element(list, copy);
        }
        return true;
}

bool syscall_filter_to_spec(
                const SyscallFilterRequest *request, JsonNode **ret_seccomp, GError **error) {
        struct stat st;
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(JsonNode) root = NULL;
        JsonObject *profile;
        const char *path = syscall_filter_find_profile(request->profile_path, &st);
        if (!path)
                return error_set_errno(
                                error, ENOENT,
                                "Cannot open seccomp profile '%s', which another runtime needs; "
                                "install golang-github-containers-common, or use --security-opt "
                                "seccomp=unconfined",
                                request->profile_path ? request->profile_path
                                                      : "/usr/share/containers/seccomp.json");
        if (!file_read(AT_FDCWD, path, SECCOMP_PROFILE_SIZE_MAX, &bytes, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        if (!json_parse_object(text, size, SECCOMP_PROFILE_SIZE_MAX, path, &root, &profile, error))
                return false;
        g_autoptr(JsonObject) seccomp = json_object_new();
        static const char *const members[] = { "defaultAction", "defaultErrnoRet" };
        for (size_t m = 0; m < G_N_ELEMENTS(members); m++) {
                JsonNode *node = json_object_get_member(profile, members[m]);
                if (node && !JSON_NODE_HOLDS_NULL(node))
                        json_object_set_member(seccomp, members[m], json_node_copy(node));
        }
        if (!copy_architectures(profile, seccomp, error) ||
            !copy_groups(profile, request->bounding_capabilities, seccomp, error)) {
                g_prefix_error(error, "seccomp profile '%s': ", path);
                return false;
        }
        *ret_seccomp = json_node_alloc();
        json_node_init_object(*ret_seccomp, seccomp);
        return true;
}
