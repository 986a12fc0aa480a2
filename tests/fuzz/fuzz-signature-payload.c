/* SPDX-License-Identifier: Apache-2.0 */
/* The documents that signatures sign. The first byte chooses the kind. */
#include <stdint.h>

#include "base/digest.h"
#include "image/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size == 0)
                return 0;
        g_auto(SignaturePayload) payload = { 0 };
        const char *text = (const char *) data + 1;
        if (!signature_payload_parse(text, size - 1, data[0] & 1, &payload, NULL))
                return 0;
        g_assert_true(digest_is_valid(payload.digest));
        g_autoptr(OciReference) name = oci_reference_parse("reg.example/x:1", NULL);
        PolicyRequirement requirement = { .match = IDENTITY_REPO_DIGEST_OR_EXACT };
        (void) signature_identity_fits(&requirement, payload.reference, name, NULL);
        return 0;
}
