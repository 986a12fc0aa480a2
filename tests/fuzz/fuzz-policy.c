/* SPDX-License-Identifier: Apache-2.0 */
/* policy.json: whatever is read gives a list of requirements for every name. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "config/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        autofd int fd = memfd_create("policy", MFD_CLOEXEC);
        if (fd < 0 || fd_write_all(fd, data, size) < 0)
                abort();
        char path[32];
        g_autoptr(Policy) policy = policy_load(fd_path(fd, path), NULL);
        if (!policy)
                return 0;
        g_auto(PolicyChoice) choice = { 0 };
        if (policy_choose(policy, "docker", "reg.example:5000/team/app:1", &choice, NULL))
                g_assert_cmpuint(choice.requirements->len, >, 0);
        return 0;
}
