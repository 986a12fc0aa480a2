/* SPDX-License-Identifier: Apache-2.0 */
/* Whole unit files through conversion and lint. The first byte chooses the type; a line of "---"
 * begins another file, so that references are met, too. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "generator/lint.h"
#include "generator/output.h"

#define FILES_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const stems[FILES_MAX] = { "a", "b", "a", "c@", "c@1", "d", "e", "f" };
        g_autoptr(QuadletSet) set = quadlet_set_new(size % 2, "/usr/bin/berth");
        const char *at = (const char *) data, *end = at + size;
        for (size_t i = 0; i < FILES_MAX && at < end; i++) {
                const QuadletType *type = &quadlet_types()[(unsigned char) *at++ % QUADLET_N_KINDS];
                const char *stop = memmem(at, (size_t) (end - at), "\n---\n", 5);
                g_autofree char *path =
                                g_strdup_printf("/nonexistent/%s.%s", stems[i], type->suffix);
                if (!quadlet_set_find(set, strrchr(path, '/') + 1))
                        quadlet_set_add(set, path, at, (size_t) ((stop ? stop : end) - at));
                at = stop ? stop + 5 : end;
        }
        quadlet_set_settle(set);
        g_autoptr(Diagnostics) found = lint(set, (LintTarget){ 5, 4 }, NULL);
        for (guint i = 0; i < found->items->len; i++) {
                const LintCode *code = lint_codes();
                while (code->code &&
                       strcmp(code->code, ((Diagnostic *) found->items->pdata[i])->code))
                        code++;
                g_assert_nonnull(code->code);
        }
        return 0;
}
