/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs that move bytes: berth becomes berth-image, so that it never loads what those need. */
#include "cli/image-program.h"
#include "cli/verbs.h"

int verb_image_exec(int argc, char **argv) {
        return image_program_exec(argc, argv);
}
