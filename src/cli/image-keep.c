/* SPDX-License-Identifier: Apache-2.0 */
/* Reasons to keep an image. */
#include "cli/image-keep.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/user.h"
#include "oci/reference.h"
#include "unit/parse.h"
#include "unit/search.h"

#define PIN_PREFIX "localhost/pinned/" /* `berth tag IMAGE pinned/NAME` */

struct ImageKeeper {
        GPtrArray *all;    /* of ImageFacts, borrowed */
        GHashTable *units; /* full image name -> unit file's name */
};

static bool is_quadlet(const char *name) {
        static const char *const suffixes[] = { ".container", ".image", ".volume", ".build", NULL };
        for (const char *const *suffix = suffixes; *suffix; suffix++)
                if (g_str_has_suffix(name, *suffix))
                        return true;
        return false;
}

static void note_image(ImageKeeper *keeper, const char *image, const char *path) {
        g_autoptr(OciReference) reference = oci_reference_parse_tagged(image, NULL);
        g_autofree char *unit = g_path_get_basename(path);
        if (!reference)
                return; /* "x.image" and "x.build" point to files that are read, too */
        g_hash_table_insert(keeper->units, oci_reference_format_stored(reference), g_strdup(unit));
        if (oci_reference_is_short(image)) { /* then a local image of that name is meant first */
                g_autofree char *local = g_strconcat("localhost/", image, NULL);
                note_image(keeper, local, path);
        }
}

static void read_file(ImageKeeper *keeper, const char *path) {
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(Diagnostics) diagnostics = diagnostics_new();
        if (!file_read(AT_FDCWD, path, UNIT_FILE_SIZE_MAX, &bytes, NULL))
                return; /* the generator tells about it */
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        g_autoptr(UnitFile) file = unit_parse(path, text, size, diagnostics);
        static const char *const sections[] = { "Container", "Image", "Volume", NULL };
        for (const char *const *section = sections; *section; section++) {
                const UnitLine *line = unit_file_last(file, *section, "Image");
                if (line && *line->value)
                        note_image(keeper, line->value, path);
        }
}

ImageKeeper *image_keeper_new(GPtrArray *all) {
        ImageKeeper *keeper = g_new0(ImageKeeper, 1);
        keeper->all = all;
        keeper->units = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autoptr(Diagnostics) diagnostics = diagnostics_new();
        UnitSearchOptions options = unit_search_options(!user_is_root());
        g_autoptr(UnitSearch) search = unit_search(&options, is_quadlet, diagnostics);
        for (guint i = 0; i < search->files->len; i++)
                read_file(keeper, search->files->pdata[i]);
        return keeper;
}

void image_keeper_free(ImageKeeper *keeper) {
        if (!keeper)
                return;
        g_hash_table_unref(keeper->units);
        g_free(keeper);
}

/* Of the images that had the unit's name before, the youngest is what one goes back to. */
static const char *previous_of(const ImageKeeper *keeper, const ImageFacts *facts) {
        if (facts->image->names[0] || !facts->image->names_history[0])
                return NULL;
        const char *name = facts->image->names_history[0];
        const char *unit = g_hash_table_lookup(keeper->units, name);
        for (guint i = 0; unit && i < keeper->all->len; i++) {
                const ImageFacts *other = keeper->all->pdata[i];
                if (!other->image->names[0] &&
                    g_strcmp0(other->image->names_history[0], name) == 0 &&
                    other->created_nsec > facts->created_nsec)
                        return NULL;
        }
        return unit;
}

char *image_keeper_reason(const ImageKeeper *keeper, const ImageFacts *facts) {
        for (char **name = facts->image->names; *name; name++) {
                const char *unit = g_hash_table_lookup(keeper->units, *name);
                if (unit)
                        return g_strdup_printf("used by unit %s", unit);
                if (g_str_has_prefix(*name, PIN_PREFIX))
                        return g_strdup("pinned");
        }
        if (facts->n_containers > 0)
                return g_strdup("used by a container");
        const char *unit = previous_of(keeper, facts);
        if (unit)
                return g_strdup_printf("previous digest of unit %s", unit);
        if (facts->image->read_only)
                return g_strdup("in a read-only store");
        return facts->image->names[0] ? g_strdup_printf("has the name %s", facts->image->names[0])
                                      : NULL;
}
