/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "oci/spec.h"
#include "runtime/options.h"
#include "runtime/record.h"

/* The user namespace of a container: from --userns, --uidmap and so on to maps
 * (podman-run(1)), or from the unit that we are the main process of. */

typedef struct UserNamespace {
        bool is_new;  /* of its own, with the maps */
        char *path;   /* joined instead; the maps are those of that namespace */
        GArray *uids; /* of OciIdMapping; NULL without a namespace */
        GArray *gids;
        bool is_automatic; /* a range is claimed for this container */
        uint32_t claim_start, claim_size;
        bool has_user; /* keep-id: who the payload is when nothing else says so */
        uid_t uid;
        gid_t gid;
} UserNamespace;

void user_namespace_clear(UserNamespace *ns);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UserNamespace, user_namespace_clear)

typedef struct UserNamespaceRequest {
        const ContainerOptions *options;
        Records *records;
        const char *container_id;
        const char *const *layers; /* of the image, topmost first: their accounts size a range */
        const char *rootfs;        /* or the directory instead of an image */
} UserNamespaceRequest;

bool user_namespace_resolve(
                const UserNamespaceRequest *request, UserNamespace *ret_ns, GError **error);

/* One --uidmap or --gidmap row, "[+ug]CONTAINER:[@]FROM[:SIZE]", folded into map. parents: the
 * ranges of our own namespace, to which @ refers; flags tell whether the row is of both kinds. */
typedef struct IdMapRow {
        bool for_uids, for_gids;
        bool is_extension; /* '+' */
        bool is_host_id;   /* '@' */
        uint32_t container, from, size;
} IdMapRow;
bool id_map_row_parse(const char *text, const char *what, IdMapRow *ret_row, GError **error);

/* Puts a row over what a map has: the ids that it names are taken out of the other rows first. */
void id_map_override(GArray *map, uint32_t container, uint32_t host, uint32_t size);

/* userns-auto.c: a range of size ids that no other container of these records has, noted for as
 * long as the container is there. */
bool user_namespace_claim(
                Records *records,
                const char *container_id,
                uint32_t size,
                uint32_t *ret_start,
                GError **error);

/* The name of the claim: "START-SIZE". Caller frees. */
char *user_namespace_claim_name(const UserNamespace *ns);

/* A container that starts again after a boot claims its range anew; when another one has it
 * meanwhile, the configuration gets a new range (files are stored by container ids, they do not
 * mind). */
bool user_namespace_renew(
                Records *records, const char *container_id, OciSpec *spec, GError **error);

/* The smallest number of ids that holds all accounts of the image, at least 1024. */
bool user_namespace_image_size(
                const UserNamespaceRequest *request, uint32_t *ret_size, GError **error);

/* The user that systemd runs this unit's processes as (User=, DynamicUser=), told by the owner of
 * our own delegated cgroup; false when that is root or we are no unit's main process. */
bool user_namespace_of_unit(uid_t *ret_uid, gid_t *ret_gid);
