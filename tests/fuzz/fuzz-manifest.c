/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, indexes and image configs: the three documents that a registry sends first. */
#include <stdint.h>

#include "oci/image-config.h"
#include "oci/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *text = (const char *) data;
        OciPlatformWish wish = oci_platform_host();
        g_autoptr(OciManifest) manifest = oci_manifest_parse(text, size, NULL, NULL);
        if (manifest && manifest->kind == OCI_DOCUMENT_INDEX)
                (void) oci_index_choose(manifest, &wish, NULL);
        else if (manifest)
                (void) oci_manifest_is_image(manifest);
        g_autoptr(OciImageConfig) config = oci_image_config_parse(text, size, NULL);
        if (config)
                g_assert_nonnull(config->diff_ids);
        return 0;
}
