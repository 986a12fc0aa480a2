/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "image/http.h"
#include "image/source.h"
#include "oci/reference.h"

/* One repository of a registry (distribution-spec). Its credentials, certificates and tokens are
 * shared by all threads. */

typedef struct RegistryOptions {
        const char *auth_file; /* --authfile, or NULL */
        const char *creds;     /* --creds user:password, or NULL */
        const char *cert_dir;  /* --cert-dir, or NULL */
        int tls_verify;        /* --tls-verify; -1: as registries.conf says */
        unsigned int retries;  /* of broken transfers */
} RegistryOptions;

typedef struct Registry Registry;

/* `name` is the physical name. Contacts nobody yet. */
Registry *
registry_new(const OciReference *name,
             bool insecure,
             const RegistryOptions *options,
             GError **error);
void registry_free(Registry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Registry, registry_free)

/* GET or HEAD of "/v2/<repository>/<path>", with the authentication that the registry asks for.
 * Statuses other than 2xx are errors with the registry's own words. */
bool registry_get(
                Registry *registry,
                const char *path,
                const HttpRequest *base,
                HttpResponse *ret_response,
                GError **error);

/* GET of a path of the registry itself ("/v2/_catalog"), with its authentication. */
bool registry_get_path(
                Registry *registry,
                const char *path,
                const HttpRequest *base,
                HttpResponse *ret_response,
                GError **error);

/* Only the authentication: for `login`. */
bool registry_ping(Registry *registry, GError **error);

const OciReference *registry_name(const Registry *registry);

/* Whether the registry keeps simple signatures itself (OpenShift). Known after the first request.
 */
bool registry_has_signatures(const Registry *registry);

/* Any URL outside of the registry (lookaside stores, foreign layers): never with credentials. */
bool registry_get_foreign(
                Registry *registry,
                const HttpRequest *request,
                HttpResponse *ret_response,
                GError **error);

/* The repository as a source of one image. Takes the registry over. Signatures are looked for under
 * the logical name, which a mirror does not change. */
ImageSource *registry_source_new(Registry *registry, const OciReference *logical);
