/* SPDX-License-Identifier: Apache-2.0 */
/* Conversion on demand, with an end to circles and chains. */
#include "generator/convert.h"

#include "generator/service.h"
#include "generator/set.h"

#define REFERENCE_DEPTH_MAX 64

static void (*const converters[QUADLET_N_KINDS])(Quadlet *) = {
        [QUADLET_CONTAINER] = container_convert, [QUADLET_POD] = pod_convert,
        [QUADLET_VOLUME] = volume_convert,       [QUADLET_NETWORK] = network_convert,
        [QUADLET_IMAGE] = image_convert,         [QUADLET_BUILD] = build_convert,
        [QUADLET_KUBE] = kube_convert,           [QUADLET_ARTIFACT] = artifact_convert,
};

bool quadlet_convert(Quadlet *q) {
        if (q->state != QUADLET_LOADED)
                return q->state != QUADLET_FAILED;
        if (q->set->depth >= REFERENCE_DEPTH_MAX) {
                quadlet_error(q, NULL, "too-deep", NULL,
                              "Unit files refer to each other over more than %d steps",
                              REFERENCE_DEPTH_MAX);
                q->state = QUADLET_FAILED;
                return false;
        }
        q->state = QUADLET_CONVERTING;
        q->set->depth++;
        service_begin(q);
        converters[q->type->kind](q);
        q->set->depth--;
        q->state = q->diagnostics->n_errors > 0 ? QUADLET_FAILED : QUADLET_CONVERTED;
        return q->state == QUADLET_CONVERTED;
}
