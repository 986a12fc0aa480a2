/* SPDX-License-Identifier: Apache-2.0 */
/* .image -> `berth image pull`, .artifact -> `berth artifact pull` */
#include "generator/command.h"
#include "generator/convert.h"
#include "generator/reference.h"
#include "generator/service.h"

static void add_pull(Quadlet *q, const char *noun, const char *what) {
        g_autoptr(GString) pull = command_new(q, noun, "pull", NULL);
        command_add_group(pull, q, GROUP_SINGLE);
        command_add_group(pull, q, GROUP_BOOL);
        command_add_values(pull, q, "PodmanArgs", NULL);
        command_add(pull, what, NULL);
        service_add_command(q, "ExecStart", pull, false);
        service_oneshot(q, true);
}

void image_convert(Quadlet *q) {
        g_autofree char *name = quadlet_string(q, "Image");
        if (!name) {
                quadlet_error(q, NULL, "missing-key", "add Image=", "no Image key specified");
                return;
        }
        g_autofree char *image = reference_image(q, name, quadlet_line(q, "Image"));
        if (image)
                add_pull(q, "image", image);
}

void artifact_convert(Quadlet *q) {
        g_autofree char *name = quadlet_string(q, "Artifact");
        if (name)
                add_pull(q, "artifact", name);
        else
                quadlet_error(q, NULL, "missing-key", "add Artifact=", "no Artifact key specified");
}
