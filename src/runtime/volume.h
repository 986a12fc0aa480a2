/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Volumes of the local driver, where Podman has them: VOLUMES/NAME/_data. What was said when one
 * was made stands beside it, in VOLUMES/NAME/berth.json; one without that file is Podman's, or was
 * made by hand, and is used as it is. */

typedef struct Volume {
        char *name;
        char *path; /* of its data */
        int64_t created_nsec;
        GHashTable *labels;  /* name -> value; may be NULL */
        GHashTable *options; /* "type", "device", "o", "UID", …; may be NULL */
        GHashTable *images; /* container name -> id of the image it last ran with this volume, while
                               snapshots are kept; may be NULL */
        bool is_ours;
        bool anonymous;
        bool needs_copy_up; /* the first container that mounts it fills it from its image */
} Volume;

void volume_free(Volume *volume);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Volume, volume_free)

#define VOLUME_ERROR volume_error_quark()
GQuark volume_error_quark(void);
typedef enum VolumeError {
        VOLUME_ERROR_NOT_FOUND,
        VOLUME_ERROR_EXISTS,
        VOLUME_ERROR_IN_USE,
} VolumeError;

/* [a-zA-Z0-9][a-zA-Z0-9_.-]* */
bool volume_name_is_valid(const char *name);

typedef struct VolumeRequest {
        const char *name;
        GHashTable *labels;  /* may be NULL */
        GHashTable *options; /* as given: "type", "device", "o", "copy", "nocopy"; may be NULL */
        bool anonymous;
        bool needs_copy_up;
        /* Fills the new volume; called once, before anybody sees it. Or NULL. */
        bool (*fill)(const char *path, void *data, GError **error);
        void *data;
} VolumeRequest;

/* VOLUME_ERROR_EXISTS when there is one of that name. */
bool volume_create(const char *volumes_path, const VolumeRequest *request, GError **error);

/* By name, or a unique beginning of it. VOLUME_ERROR_NOT_FOUND. */
Volume *volume_find(const char *volumes_path, const char *name, GError **error);

/* All, by age. Caller unrefs; elements are Volume. */
GPtrArray *volume_list(const char *volumes_path, GError **error);

/* Writes what is known of it. */
bool volume_save(const char *volumes_path, const Volume *volume, GError **error);

/* The image whose files are its data, with what was written over them; NULL: it has data of its
 * own. */
const char *volume_image(const Volume *volume);

/* How many snapshots are kept ("snapshot=N"); 0: none are made. */
unsigned int volume_snapshots_max(const Volume *volume);

/* Its data and all that is known of it. */
bool volume_remove(const char *volumes_path, const char *name, GError **error);

/* Whether its data is mounted by type and device when a container starts. */
bool volume_has_device(const Volume *volume);
