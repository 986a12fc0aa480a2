/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs of Podman's that stay out: what to use instead. */
#include <string.h>

#include "base/error.h"
#include "cli/verb.h"
#include "cli/verbs.h"

static const struct {
        const char *word, *verb, *instead;
} left_out[] = {
        { "push", "push", "use `skopeo copy containers-storage:IMAGE docker://NAME`" },
        { "scp", "image scp", "use `berth save IMAGE | ssh HOST berth load`" },
        { "sign", "image sign", "use `skopeo standalone-sign` or `cosign sign`" },
};

int verb_left_out(int argc, char **argv) {
        g_autoptr(GError) error = NULL;
        size_t i = 0;
        while (i + 1 < G_N_ELEMENTS(left_out) && strcmp(left_out[i].word, argv[0]) != 0)
                i++;
        error_set_invalid(
                        &error, "`berth %s` is left out, %s", left_out[i].verb,
                        left_out[i].instead);
        return verb_fail(&error);
}
