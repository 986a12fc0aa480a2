/* SPDX-License-Identifier: Apache-2.0 */
/* What the payload's process is told about itself: personality, memory policy, LSM label. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/personality.h>

#include "base/error.h"
#include "base/text.h"
#include "runtime/cpu-list.h"
#include "runtime/plan-parts.h"

bool plan_add_personality(RuntimePlan *plan, const OciSpec *spec, GError **error) {
        const char *domain = spec->personality_domain;
        if (!domain)
                return true;
        bool is_32 = strcmp(domain, "LINUX32") == 0;
        if (!is_32 && strcmp(domain, "LINUX") != 0)
                return error_set_invalid(error, "unknown personality domain \"%s\"", domain);
        /* config-linux.md: no flags are defined */
        if (spec->personality_flags && spec->personality_flags[0])
                return error_set_invalid(
                                error, "personality flag \"%s\" is not supported",
                                spec->personality_flags[0]);
        plan->child.has_personality = true;
        plan->child.personality = is_32 ? PER_LINUX32 : PER_LINUX;
        return true;
}

static bool policy_mode(const char *text, int *ret_mode) {
        static const struct {
                const char *text;
                int mode;
        } rows[] = {
                { "MPOL_DEFAULT", MPOL_DEFAULT },  { "MPOL_PREFERRED", MPOL_PREFERRED },
                { "MPOL_BIND", MPOL_BIND },        { "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
                { "MPOL_LOCAL", MPOL_LOCAL },      { "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
                { "MPOL_WEIGHTED_INTERLEAVE", 6 }, /* Linux 6.9 */
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (strcmp(rows[i].text, text) == 0) {
                        *ret_mode = rows[i].mode;
                        return true;
                }
        return false;
}

static bool policy_flag(const char *text, int *mode) {
        static const struct {
                const char *text;
                int flag;
        } rows[] = {
                { "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
                { "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
                { "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (strcmp(rows[i].text, text) == 0) {
                        *mode |= rows[i].flag;
                        return true;
                }
        return false;
}

bool plan_add_memory_policy(RuntimePlan *plan, const OciSpec *spec, GError **error) {
        ChildMemoryPolicy *policy = &plan->child.memory_policy;
        if (!spec->memory_policy_mode)
                return true;
        if (!policy_mode(spec->memory_policy_mode, &policy->mode))
                return error_set_invalid(
                                error, "unknown memory policy \"%s\"", spec->memory_policy_mode);
        for (char **flag = spec->memory_policy_flags; flag && *flag; flag++)
                if (!policy_flag(*flag, &policy->mode))
                        return error_set_invalid(error, "unknown memory policy flag \"%s\"", *flag);
        if (spec->memory_policy_nodes &&
            !cpu_list_parse(spec->memory_policy_nodes, policy->nodes, sizeof policy->nodes,
                            &policy->n_bits, error))
                return false;
        policy->present = true;
        return true;
}

bool plan_add_label(RuntimePlan *plan, const OciSpec *spec, GError **error) {
        ChildPlan *c = &plan->child;
        bool selinux = g_file_test("/sys/fs/selinux/enforce", G_FILE_TEST_EXISTS);
        bool apparmor = g_file_test("/sys/module/apparmor/parameters/enabled",
                                    G_FILE_TEST_EXISTS) &&
                        g_file_test("/sys/kernel/security/apparmor", G_FILE_TEST_EXISTS);
        if (spec->selinux_label && *spec->selinux_label) {
                if (!selinux)
                        return error_set_invalid(
                                        error, "process.selinuxLabel is given, but SELinux is not "
                                               "enabled on this host");
                c->label_path = "attr/exec";
                c->label = spec->selinux_label;
        }
        if (spec->apparmor_profile && *spec->apparmor_profile &&
            strcmp(spec->apparmor_profile, "unconfined") != 0) {
                if (!apparmor)
                        return error_set_invalid(
                                        error, "process.apparmorProfile is given, but AppArmor is "
                                               "not enabled on this host");
                /* the file of its own since 5.1, where modules are stacked */
                c->label_path = g_file_test("/proc/self/attr/apparmor/exec", G_FILE_TEST_EXISTS)
                                                ? "attr/apparmor/exec"
                                                : "attr/exec";
                c->label = plan_keep(plan, g_strconcat("exec ", spec->apparmor_profile, NULL));
        }
        if (spec->mount_label && *spec->mount_label && !selinux)
                return error_set_invalid(
                                error, "linux.mountLabel is given, but SELinux is not enabled on "
                                       "this host");
        return true;
}
