/* SPDX-License-Identifier: Apache-2.0 */
/* podman-images(1), --filter. */
#include "cli/image-filter.h"

#include <fnmatch.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "store/writer.h"

static void facts_free(gpointer data) {
        ImageFacts *facts = data;
        store_image_free(facts->image);
        oci_image_config_free(facts->config);
        g_free(facts);
}

GPtrArray *image_repo_digests(const StoreImage *image) {
        GPtrArray *digests = g_ptr_array_new_with_free_func(g_free);
        for (char **name = image->names; *name && image->digest; name++) {
                const char *slash = strrchr(*name, '/');
                const char *tail = slash ? slash : *name;
                size_t n = (size_t) (tail - *name) + strcspn(tail, ":@");
                g_autofree char *repository = g_strndup(*name, n);
                g_ptr_array_add(digests, g_strconcat(repository, "@", image->digest, NULL));
        }
        g_ptr_array_add(digests, NULL);
        return digests;
}

static ImageFacts *facts_new(Store *store, StoreImage *image, GHashTable *used) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = NULL;
        ImageFacts *facts = g_new0(ImageFacts, 1);
        facts->image = image;
        gsize size;
        if (store_image_read_config(store, image, &bytes, &error)) {
                const char *text = g_bytes_get_data(bytes, &size);
                facts->config = oci_image_config_parse(text, size, &error);
        }
        if (!facts->config || !store_image_size(store, image, &facts->size, &error)) {
                log_warning("%s, ignoring it; 'berth system fsck' tells more", error->message);
                facts_free(facts);
                return NULL;
        }
        const char *created = facts->config->created ? facts->config->created : image->created;
        if (created)
                (void) text_parse_time(created, &facts->created_nsec); /* else 1970 */
        facts->n_containers = g_hash_table_contains(used, image->id);
        return facts;
}

/* A pattern fits a whole name, or its part behind a '/'; without a tag, any tag. */
static bool name_fits(const char *name, const char *pattern) {
        const char *slash = strrchr(name, '/');
        const char *tail = slash ? slash : name;
        g_autofree char *bare = g_strndup(name, (size_t) (tail - name) + strcspn(tail, ":@"));
        const char *const texts[] = { name, bare };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                for (const char *at = texts[i]; at;
                     at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
                        if (fnmatch(pattern, at, 0) == 0)
                                return true;
        return false;
}

static bool any_name_fits(const ImageFacts *facts, const char *pattern) {
        for (char **name = facts->image->names; *name; name++)
                if (name_fits(*name, pattern))
                        return true;
        return false;
}

static bool label_fits(const ImageFacts *facts, const char *value) {
        const char *equal = strchr(value, '=');
        g_autofree char *key = equal ? g_strndup(value, (size_t) (equal - value)) : g_strdup(value);
        const char *have = g_hash_table_lookup(facts->config->labels, key);
        return have && (!equal || g_str_equal(have, equal + 1));
}

/* What a filter compares with, found out once. */
typedef struct Filter {
        char *key, *value;
        bool flag;       /* of the boolean ones */
        int64_t created; /* of before, since, until */
} Filter;

static void filter_clear(gpointer data) {
        Filter *filter = data;
        g_free(filter->key);
        g_free(filter->value);
}

static bool fits(const ImageFacts *facts, const Filter *f) {
        if (g_str_equal(f->key, "dangling"))
                return f->flag == !facts->image->names[0];
        if (g_str_equal(f->key, "readonly"))
                return f->flag == facts->image->read_only;
        if (g_str_equal(f->key, "containers"))
                return f->flag == (facts->n_containers > 0);
        if (g_str_equal(f->key, "label"))
                return label_fits(facts, f->value);
        if (g_str_equal(f->key, "label!"))
                return !label_fits(facts, f->value);
        if (g_str_equal(f->key, "reference"))
                return any_name_fits(facts, f->value);
        if (g_str_equal(f->key, "id"))
                return g_str_has_prefix(facts->image->id, f->value);
        if (g_str_equal(f->key, "digest"))
                return g_strcmp0(facts->image->digest, f->value) == 0;
        if (g_str_equal(f->key, "before") || g_str_equal(f->key, "until"))
                return facts->created_nsec < f->created;
        return facts->created_nsec > f->created; /* since, after */
}

static bool parse_moment(Store *store, Filter *filter, GPtrArray *all, GError **error) {
        if (g_str_equal(filter->key, "until")) {
                if (!text_parse_moment(filter->value, &filter->created))
                        return error_set_invalid(
                                        error,
                                        "until filter: '%s' is neither a time nor a duration",
                                        filter->value);
                return true;
        }
        g_autoptr(StoreImage) image = NULL;
        if (!store_image_find(store, filter->value, &image, error))
                return false;
        for (guint i = 0; i < all->len; i++) {
                const ImageFacts *facts = all->pdata[i];
                if (g_str_equal(facts->image->id, image->id))
                        filter->created = facts->created_nsec;
        }
        return true;
}

static bool
parse_filter(Store *store, const char *text, GPtrArray *all, GArray *filters, GError **error) {
        static const char *const booleans[] = { "dangling", "readonly", "containers", NULL };
        static const char *const moments[] = { "before", "since", "after", "until", NULL };
        static const char *const others[] = {
                "label", "label!", "reference", "id", "digest", NULL
        };
        const char *equal = strchr(text, '=');
        Filter filter = {
                .key = equal ? g_strndup(text, (size_t) (equal - text)) : g_strdup(text),
                .value = g_strdup(equal ? equal + 1 : "true"),
        };
        if (g_str_equal(filter.key, "intermediate")) { /* only `build` made those */
                filter_clear(&filter);
                return true;
        }
        g_array_append_val(filters, filter);
        Filter *kept = &g_array_index(filters, Filter, filters->len - 1);
        if (g_strv_contains(booleans, kept->key))
                return text_parse_bool(kept->value, &kept->flag) ||
                       error_set_invalid(
                                       error, "non-boolean value '%s' for %s filter", kept->value,
                                       kept->key);
        if (g_strv_contains(moments, kept->key))
                return parse_moment(store, kept, all, error);
        return g_strv_contains(others, kept->key) ||
               error_set_invalid(error, "unsupported filter \"%s\"", kept->key);
}

GPtrArray *
image_facts_list(Store *store, const char *const *filters, const char *name, GError **error) {
        g_autoptr(GPtrArray) images = NULL;
        g_autoptr(GHashTable) used = NULL;
        if (!store_image_list(store, &images, error) || !store_images_in_use(store, &used, error))
                return NULL;
        g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(facts_free);
        while (images->len > 0) {
                ImageFacts *facts = facts_new(store, g_ptr_array_steal_index(images, 0), used);
                if (facts)
                        g_ptr_array_add(all, facts);
        }
        g_autoptr(GArray) parsed = g_array_new(FALSE, TRUE, sizeof(Filter));
        g_array_set_clear_func(parsed, filter_clear);
        for (const char *const *at = filters; at && *at; at++)
                if (!parse_filter(store, *at, all, parsed, error))
                        return NULL;
        for (guint i = all->len; i > 0; i--) {
                const ImageFacts *facts = all->pdata[i - 1];
                bool keep = !name || any_name_fits(facts, name);
                for (guint k = 0; keep && k < parsed->len; k++)
                        keep = fits(facts, &g_array_index(parsed, Filter, k));
                if (!keep)
                        g_ptr_array_remove_index(all, i - 1);
        }
        return g_steal_pointer(&all);
}
