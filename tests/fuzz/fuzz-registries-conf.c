/* SPDX-License-Identifier: Apache-2.0 */
/* registries.conf: TOML, rules, and what they make of names. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "config/registries-conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const names[] = { "docker.io/library/x:1", "a.b.example:5000/x/y:2" };
        autofd int fd = memfd_create("conf", MFD_CLOEXEC);
        if (fd < 0 || fd_write_all(fd, data, size) < 0)
                abort();
        char path[32];
        g_autoptr(RegistriesConf) conf = registries_conf_load(fd_path(fd, path), NULL);
        for (size_t i = 0; conf && i < G_N_ELEMENTS(names); i++) {
                g_autoptr(OciReference) name = oci_reference_parse(names[i], NULL);
                g_autoptr(GPtrArray) endpoints = registries_conf_endpoints(conf, name, NULL);
                g_assert_true(!endpoints || endpoints->len > 0);
                g_autoptr(GPtrArray) list = registries_conf_candidates(conf, "x:1", false, NULL);
        }
        return 0;
}
