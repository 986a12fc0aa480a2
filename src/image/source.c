/* SPDX-License-Identifier: Apache-2.0 */
/* What all sources share. */
#include "image/source.h"

#include "base/digest.h"
#include "base/error.h"

void image_source_free(ImageSource *source) {
        if (!source)
                return;
        g_free(source->name);
        source->class->free(source);
}

typedef struct Buffer {
        GByteArray *bytes;
        size_t limit;
} Buffer;

static bool append(void *data, const void *bytes, size_t size, GError **error) {
        Buffer *buffer = data;
        if (buffer->bytes->len + size > buffer->limit)
                return error_set_invalid(error, "larger than %zu bytes", buffer->limit);
        g_byte_array_append(buffer->bytes, bytes, (guint) size);
        return true;
}

/* image-spec descriptor.md, "data": small content may stand in the manifest itself. */
static GBytes *inline_data(const OciDescriptor *descriptor) {
        gsize size = 0;
        if (!descriptor->data)
                return NULL;
        g_autofree guchar *bytes = g_base64_decode(descriptor->data, &size);
        return (int64_t) size == descriptor->size && digest_verify(descriptor->digest, bytes, size,
                                                                   "data", NULL)
                               ? g_bytes_new(bytes, size)
                               : NULL;
}

bool image_source_read_blob(
                ImageSource *source,
                const OciDescriptor *descriptor,
                size_t limit,
                GBytes **ret_bytes,
                GError **error) {
        *ret_bytes = inline_data(descriptor);
        if (*ret_bytes)
                return true;
        if (descriptor->size > (int64_t) limit)
                return error_set_invalid(
                                error, "blob '%s' is larger than %zu bytes", descriptor->digest,
                                limit);
        Buffer buffer = { g_byte_array_new(), (size_t) descriptor->size };
        bool ok = source->class->blob(source, descriptor, append, &buffer, NULL, error);
        g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(buffer.bytes);
        g_autofree char *what = g_strdup_printf("blob '%s'", descriptor->digest);
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        if (!ok || !digest_verify(descriptor->digest, data, size, what, error))
                return false;
        *ret_bytes = g_steal_pointer(&bytes);
        return true;
}
