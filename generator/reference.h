/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "generator/quadlet.h"

/* What other units, files and images a value names. All report their findings on the quadlet and
 * add the dependencies to the service under construction; a NULL result was reported. Results are
 * the caller's to free. */

/* Image=, Volume Image=: a name, or the image of an .image or .build unit. */
char *reference_image(Quadlet *quadlet, const char *name, const UnitLine *line);

/* Network=: a mode or name, NAME.network[:OPTIONS], NAME.container. */
char *reference_network(Quadlet *quadlet, const char *value, const UnitLine *line);

/* The source of a Volume= or Mount=. build_is_source: .image too (Mount=). */
char *reference_source(Quadlet *quadlet, const char *source, bool image_too, const UnitLine *line);

/* One Volume= value as the word behind -v. */
char *reference_volume(Quadlet *quadlet, const char *value, const UnitLine *line);

/* Appends --network / -v / --mount words for all values of Network= / Volume= / Mount=. */
void reference_add_networks(GString *command, Quadlet *quadlet);
void reference_add_volumes(GString *command, Quadlet *quadlet);
void reference_add_mounts(GString *command, Quadlet *quadlet);

/* Pod=: appends --pod NAME and binds the service to the pod's. */
void reference_add_pod(GString *command, Quadlet *quadlet);
