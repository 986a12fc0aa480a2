/* SPDX-License-Identifier: Apache-2.0 */
/* Conversion on demand, with an end to circles and chains. */
#include "generator/convert.h"

#include <string.h>

#include "generator/service.h"

static void (*const converters[QUADLET_N_KINDS])(Quadlet *) = {
        [QUADLET_CONTAINER] = container_convert, [QUADLET_POD] = pod_convert,
        [QUADLET_VOLUME] = volume_convert,       [QUADLET_NETWORK] = network_convert,
        [QUADLET_IMAGE] = image_convert,         [QUADLET_BUILD] = build_convert,
        [QUADLET_KUBE] = kube_convert,           [QUADLET_ARTIFACT] = artifact_convert,
};

bool quadlet_is_independent(const Quadlet *q) {
        for (guint i = 0; q->section && i < q->section->lines->len; i++) {
                const UnitLine *line = q->section->lines->pdata[i];
                if (line->key && quadlet_may_name_file(line->value))
                        return false;
        }
        return true;
}

bool quadlet_convert(Quadlet *q) {
        if (q->state != QUADLET_LOADED)
                return q->state != QUADLET_FAILED;
        q->state = QUADLET_CONVERTING;
        service_begin(q);
        converters[q->type->kind](q);
        q->state = q->diagnostics->n_errors > 0 ? QUADLET_FAILED : QUADLET_CONVERTED;
        return q->state == QUADLET_CONVERTED;
}
