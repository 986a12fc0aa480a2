/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "oci/reference.h"

/* A short name that may mean several images: the person at the terminal says which, and the answer
 * is kept once the image is there (containers-registries.conf(5), "short-name-mode"). */

/* Leaves one of the candidates (OciReference, more than one). */
bool short_name_ask(const char *name, GPtrArray *candidates, GError **error);

/* Records name without its tag -> the reference's repository, where Podman looks too. */
bool short_name_record(const char *name, const OciReference *reference, GError **error);
