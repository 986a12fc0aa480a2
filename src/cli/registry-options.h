/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/options.h"
#include "image/pull-name.h"

/* The flags that every verb with a registry has. */

typedef struct RegistryFlags {
        char *auth_file, *cert_dir, *creds, *signature_policy, *retry_delay;
        int tls_verify; /* start with -1 */
        int64_t retry;
} RegistryFlags;

#define REGISTRY_OPTION_ROWS(type, member)                                                         \
        { "authfile",    0,                                                                        \
          OPTION_STRING, offsetof(type, member.auth_file),                                         \
          "PATH",        "File with credentials (default: auth.json's usual places)" },            \
                        { "cert-dir",    0,                                                        \
                          OPTION_STRING, offsetof(type, member.cert_dir),                          \
                          "PATH",        "Directory with the registry's certificates" },           \
                        { "creds",         0,                                                      \
                          OPTION_STRING,   offsetof(type, member.creds),                           \
                          "USER:PASSWORD", "Credentials for the registry" },                       \
                        { "tls-verify",                                                            \
                          0,                                                                       \
                          OPTION_TRISTATE,                                                         \
                          offsetof(type, member.tls_verify),                                       \
                          NULL,                                                                    \
                          "Require HTTPS and check certificates (default true)" },                 \
                        { "retry",    0,                                                           \
                          OPTION_INT, offsetof(type, member.retry),                                \
                          "N",        "How often to retry a broken transfer" },                    \
                        { "retry-delay", 0,   OPTION_STRING, offsetof(type, member.retry_delay),   \
                          NULL,          NULL },                                                   \
        {                                                                                          \
                "signature-policy", 0, OPTION_STRING, offsetof(type, member.signature_policy),     \
                                NULL, NULL                                                         \
        }

void registry_flags_clear(RegistryFlags *flags);

/* Borrows the strings. */
PullSettings registry_flags_settings(const RegistryFlags *flags);
