/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Unit files that were installed together: an application is a hidden list ".NAME.app" beside them,
 * one file name per line. Removing one member removes all. */

/* Where install puts files: the system's folder for root, else the user's. NULL without $HOME.
 * Caller frees. */
char *quadlet_install_folder(bool user);

/* Adds names to the list of an application; each is there once. */
bool quadlet_app_add(const char *folder, const char *app, const GPtrArray *names, GError **error);

/* The files of an application (".web.app" or "web"), strings owned; NULL when there is no such
 * list.
 */
GPtrArray *quadlet_app_files(const char *folder, const char *app);

/* The list that names file, ".web.app"; NULL for none. Caller frees. */
char *quadlet_app_of(const char *folder, const char *file);

/* One part of a bundle: a unit file. */
typedef struct BundlePart {
        char *name; /* "web.container" */
        char *text;
} BundlePart;

/* Splits a .quadlets file. Parts are separated by lines of "---"; each has a comment "# FileName="
 * and a section that gives its type. NULL when any part has not. */
GPtrArray *bundle_split(const char *path, const char *text, GError **error);
