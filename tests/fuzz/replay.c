/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over the files named on the command line: seeds and past crashes, without any
 * fuzzing engine. */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv) {
        if (argc < 2)
                return 77; /* no seed: nothing was shown */
        for (int i = 1; i < argc; i++) {
                g_autofree char *bytes = NULL;
                gsize size = 0;
                g_autoptr(GError) error = NULL;
                if (!g_file_get_contents(argv[i], &bytes, &size, &error)) {
                        fprintf(stderr, "%s\n", error->message);
                        return 1;
                }
                /* exactly as large as the input, so that a sanitizer sees every step too far */
                g_autofree uint8_t *exact = size ? g_memdup2(bytes, size) : g_malloc(1);
                (void) LLVMFuzzerTestOneInput(exact, size);
        }
        return 0;
}
