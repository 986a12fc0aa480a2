/* SPDX-License-Identifier: Apache-2.0 */
/* Events of images. */
#include "cli/image-event.h"

#include "cli/verb.h"
#include "systemd/events.h"

void image_event(const char *status, const char *id, const char *name) {
        const Event event = {
                .type = "image",
                .status = status,
                .id = id,
                .name = name ? name : "",
        };
        events_tell(global_options()->events_backend, &event);
}
