/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* storage.conf: where images and layers are (containers-storage.conf(5)). */

typedef struct StorageConf {
        char *graph_root;
        char *run_root;
        char *image_store;              /* images apart from containers, or NULL */
        char **additional_image_stores; /* read-only; may be empty, never NULL */
        char *mount_options;            /* overlay "mountopt", or NULL */
        bool rootless;
} StorageConf;

/* Loads the first of $CONTAINERS_STORAGE_CONF, the user's own file (rootless), /etc's and /usr's;
 * defaults where there is none. A driver other than overlay is an error. */
StorageConf *storage_conf_load(GError **error);
void storage_conf_free(StorageConf *conf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StorageConf, storage_conf_free)

/* $XDG_CONFIG_HOME or ~/.config, and so on, plus "/containers". Caller frees. */
char *config_user_directory(void);
char *config_user_runtime_directory(void);
