/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Names of images: "registry.example:5000/team/app:1.2@sha256:…". Only the part before the first
 * '/' can be a host, and only when it has a dot, a colon or is "localhost"; anything else is a
 * short name. */

typedef struct OciReference {
        char *domain; /* "docker.io", "127.0.0.1:5000" */
        char *path;   /* "library/busybox" */
        char *tag;    /* or NULL */
        char *digest; /* or NULL; valid when set */
} OciReference;

void oci_reference_free(OciReference *reference);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OciReference, oci_reference_free)

#define OCI_REFERENCE_SIZE_MAX 255 /* of domain/path, as Docker's library has it */

/* Parses and normalises: a short name belongs to docker.io, "docker.io/x" is
 * "docker.io/library/x". No tag is added. */
OciReference *oci_reference_parse(const char *text, GError **error);

/* Same, but a reference with neither tag nor digest gets the tag "latest". */
OciReference *oci_reference_parse_tagged(const char *text, GError **error);

OciReference *oci_reference_copy(const OciReference *reference);

/* True when text names no registry ("busybox", "team/app:1"). Does not validate. */
bool oci_reference_is_short(const char *text);

/* "domain/path[:tag][@digest]" and "domain/path". Caller frees. */
char *oci_reference_format(const OciReference *reference);
char *oci_reference_format_repository(const OciReference *reference);

/* "domain/path@digest" when there is a digest, else "domain/path:tag": the name an image gets in
 * the store. */
char *oci_reference_format_stored(const OciReference *reference);

/* The stored name of one that a user gives to an image of theirs: "mine" is localhost/mine:latest,
 * not Docker Hub's. NULL on error, which a digest is. Caller frees. */
char *oci_reference_given_name(const char *text, GError **error);

bool oci_tag_is_valid(const char *tag);
