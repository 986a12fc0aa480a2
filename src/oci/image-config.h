/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The image configuration document (image-spec config.md; Docker's superset of it). All members are
 * untrusted; vectors are NULL when absent. */

typedef struct OciHealthcheck { /* Docker's extension */
        char **test;            /* ["NONE"], ["CMD", ...], ["CMD-SHELL", "..."] */
        int64_t interval_nsec;
        int64_t timeout_nsec;
        int64_t start_period_nsec;
        int64_t start_interval_nsec;
        int64_t retries;
} OciHealthcheck;

typedef struct OciHistory {
        char *created, *created_by, *author, *comment;
        bool empty_layer;
} OciHistory;

typedef struct OciImageConfig {
        char *created; /* RFC 3339 */
        char *author;
        char *architecture, *os, *variant, *os_version;
        char **env;
        char **entrypoint;
        char **cmd;
        char *working_dir;
        char *user; /* "user|uid[:group|gid]" as written */
        char *stop_signal;
        char **volumes;              /* paths, sorted */
        char **exposed_ports;        /* "8080/tcp", sorted */
        GHashTable *labels;          /* name -> value; never NULL */
        OciHealthcheck *healthcheck; /* or NULL */
        char **diff_ids;             /* valid digests, bottom layer first */
        OciHistory *history;
        size_t n_history;
} OciImageConfig;

#define OCI_IMAGE_CONFIG_SIZE_MAX (4u << 20) /* as c/image */

OciImageConfig *oci_image_config_parse(const char *bytes, size_t size, GError **error);
void oci_image_config_free(OciImageConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OciImageConfig, oci_image_config_free)
