/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "oci/image-config.h"
#include "oci/spec.h"
#include "runtime/options.h"
#include "runtime/record.h"
#include "runtime/userns.h"
#include "store/store.h"

/* From flags and image to the runtime configuration, with Podman's defaults. Nothing is mounted or
 * written here but the small files that the container sees (hosts, hostname, resolv.conf) and the
 * directories of its volumes. */

typedef struct SpecRequest {
        const ContainerOptions *options;
        const struct Networks *networks;
        Store *store;                /* for --mount type=image */
        const OciImageConfig *image; /* NULL with --rootfs */
        int root_fd;                 /* the container's root, for its passwd and its directories */
        const struct Pod *pod;       /* whose namespaces it shares, or NULL */
        const char *pod_path;        /* where they are pinned */
        const char *run_path;        /* of the container, for generated files */
        const char *secrets_path;    /* GRAPHROOT/secrets */
        const char *volumes_path;    /* named volumes: GRAPHROOT/volumes */
        const UserNamespace *user_namespace;
        int userns_fd;           /* with its maps, or -1 */
        ContainerRecord *record; /* in: id, name; out: stop signal, volumes, command, network */
} SpecRequest;

bool spec_build(const SpecRequest *request, OciSpec **ret_spec, GError **error);

/* The parts, each in a file of its own; for spec_build() and tests. */
bool spec_build_environment(
                const SpecRequest *request, const char *home, OciSpec *spec, GError **error);
/* --env-file: a word a line, "NAME=VALUE" or "NAME", added to words. */
bool spec_read_environment_file(const char *path, GPtrArray *words, GError **error);
bool spec_build_mounts(const SpecRequest *request, OciSpec *spec, GError **error);
#define SHM_SIZE_DEFAULT 65536000 /* Podman's, of /dev/shm */
bool spec_build_security(const SpecRequest *request, OciSpec *spec, GError **error);
bool spec_build_limits(const SpecRequest *request, OciSpec *spec, GError **error);
bool spec_build_resources(const SpecRequest *request, OciSpec *spec, GError **error);
bool spec_build_files(const SpecRequest *request, OciSpec *spec, GError **error);
bool spec_build_systemd(const SpecRequest *request, OciSpec *spec, GError **error);
bool spec_build_accounts(const SpecRequest *request, OciSpec *spec, GError **error);

/* After a boot a container's directory in RUN is empty: writes hostname, containerenv and localtime
 * again where they are missing (hosts and resolv.conf are the network's, see runtime/network.h). */
bool spec_restore_files(const char *run_path, const OciSpec *spec, GError **error);
bool spec_build_volumes(const SpecRequest *request, OciSpec *spec, GError **error);

/* Annotations that berth itself reads back. */
#define SPEC_ANNOTATION_SECCOMP  "io.berth.seccomp"  /* profile path, or "unconfined" */
#define SPEC_ANNOTATION_TIMEZONE "io.berth.timezone" /* --tz, for its copy after a boot */
#define SPEC_ANNOTATION_IDS      "io.berth.ids"      /* "START-SIZE": the range claimed for it */
