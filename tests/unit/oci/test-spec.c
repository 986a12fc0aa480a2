/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "oci/spec.h"

/* Everything that config.json may say and we execute. */
static const char full[] =
                "{\"ociVersion\":\"1.2.0\",\"hostname\":\"h\",\"domainname\":\"d\","
                "\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
                "\"process\":{\"terminal\":true,\"consoleSize\":{\"height\":40,\"width\":132},"
                "\"user\":{\"uid\":1,\"gid\":2,\"umask\":63,\"additionalGids\":[5,6]},"
                "\"args\":[\"sh\"],\"env\":[\"A=b\"],\"cwd\":\"/\","
                "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":18446744073709551615,\"soft\":7}],"
                "\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":5,"
                "\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\"]},"
                "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":4},"
                "\"execCPUAffinity\":{\"initial\":\"0\",\"final\":\"0-1\"}},"
                "\"mounts\":[{\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\"],"
                "\"uidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":1}],"
                "\"gidMappings\":[{\"containerID\":0,\"hostID\":6,\"size\":1}]}],"
                "\"hooks\":{\"poststop\":[{\"path\":\"/bin/x\",\"args\":[\"x\",\"y\"],"
                "\"env\":[\"E=1\"],\"timeout\":3}]},"
                "\"linux\":{\"namespaces\":[{\"type\":\"user\"},{\"type\":\"time\"}],"
                "\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}],"
                "\"gidMappings\":[{\"containerID\":0,\"hostID\":2000,\"size\":10}],"
                "\"timeOffsets\":{\"boottime\":{\"secs\":-3,\"nanosecs\":4}},"
                "\"personality\":{\"domain\":\"LINUX32\"},\"mountLabel\":\"l\","
                "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\","
                "\"flags\":[\"MPOL_F_STATIC_NODES\"]}}}";

static void check(const OciSpec *s) {
        g_assert_cmpuint(s->console_width, ==, 132);
        g_assert_cmpuint(s->umask, ==, 63);
        const OciRlimit *limit = s->rlimits->pdata[0];
        g_assert_cmpuint(limit->hard, ==, UINT64_MAX);
        g_assert_cmpuint(limit->soft, ==, 7);
        g_assert_cmpstr(s->scheduler.policy, ==, "SCHED_BATCH");
        g_assert_cmpint(s->scheduler.nice, ==, 5);
        g_assert_cmpuint(s->scheduler.flags, ==, 1);
        g_assert_cmpstr(s->io_class, ==, "IOPRIO_CLASS_BE");
        g_assert_cmpstr(s->cpu_affinity_final, ==, "0-1");
        const OciMount *m = s->mounts->pdata[0];
        g_assert_cmpuint(g_array_index(m->gid_mappings, OciIdMapping, 0).host, ==, 6);
        const OciHook *hook = s->hooks[OCI_HOOK_POSTSTOP]->pdata[0];
        g_assert_cmpstr(hook->args[1], ==, "y");
        g_assert_cmpint(hook->timeout_sec, ==, 3);
        g_assert_cmpuint(g_array_index(s->uid_mappings, OciIdMapping, 0).host, ==, 1000);
        g_assert_true(s->time_boottime.present && !s->time_monotonic.present);
        g_assert_cmpint(s->time_boottime.seconds, ==, -3);
        g_assert_cmpstr(s->personality_domain, ==, "LINUX32");
        g_assert_cmpstr(s->memory_policy_flags[0], ==, "MPOL_F_STATIC_NODES");
        g_assert_cmpstr(s->domainname, ==, "d");
}

static void reads_what_it_writes(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(OciSpec) spec = oci_spec_parse(full, strlen(full), &error);
        g_assert_no_error(error);
        check(spec);
        g_autofree char *text = oci_spec_format(spec);
        g_autoptr(OciSpec) again = oci_spec_parse(text, strlen(text), &error);
        g_assert_no_error(error);
        check(again);
}

static void refuses(void) {
        static const struct {
                const char *text, *word;
        } rows[] = {
                { "{\"ociVersion\":\"2.0.0\"}", "2.0.0" },
                { "{\"linux\":{\"intelRdt\":{}}}", "intelRdt" },
                { "{\"linux\":{\"netDevices\":{\"eth0\":{}}}}", "netDevices" },
                { "{\"linux\":{\"namespaces\":[{\"type\":\"moon\"}]}}", "moon" },
                { "{\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]}}", "twice" },
                { "{\"hooks\":{\"prestart\":[{\"path\":\"bin/x\"}]}}", "absolute" },
                { "{\"process\":{\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"F\"]}}}",
                  "F" },
                { "{\"linux\":{\"uidMappings\":[{\"containerID\":-1,\"hostID\":0,\"size\":1}]}}",
                  "containerID" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(OciSpec) spec =
                                oci_spec_parse(rows[i].text, strlen(rows[i].text), &error);
                g_assert_null(spec);
                g_assert_nonnull(g_strstr_len(error->message, -1, rows[i].word));
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/oci/spec/reads-what-it-writes", reads_what_it_writes);
        g_test_add_func("/oci/spec/refuses-what-it-cannot-honour", refuses);
        return g_test_run();
}
