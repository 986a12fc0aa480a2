/* SPDX-License-Identifier: Apache-2.0 */
/* Flags about registries. */
#include "cli/registry-options.h"

#include <string.h>

void registry_flags_clear(RegistryFlags *flags) {
        g_free(flags->auth_file);
        g_free(flags->cert_dir);
        if (flags->creds)
                explicit_bzero(flags->creds, strlen(flags->creds));
        g_free(flags->creds);
        g_free(flags->signature_policy);
        g_free(flags->retry_delay);
}

PullSettings registry_flags_settings(const RegistryFlags *flags) {
        return (PullSettings){
                .registry = {
                        .auth_file = flags->auth_file,
                        .creds = flags->creds,
                        .cert_dir = flags->cert_dir,
                        .tls_verify = flags->tls_verify,
                        .retries = (unsigned int) CLAMP(flags->retry, 0, 100),
                },
        };
}
