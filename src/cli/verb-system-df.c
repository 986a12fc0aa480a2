/* SPDX-License-Identifier: Apache-2.0 */
/* berth system df */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/image-keep.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/template.h"
#include "cli/tree-size.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "cli/volume-json.h"
#include "runtime/pin.h"
#include "runtime/rootless.h"
#include "runtime/volume.h"
#include "store/place.h"

typedef struct DfOptions {
        char *format;
} DfOptions;

static const OptionRow rows[] = {
        { "format", 0, OPTION_STRING, offsetof(DfOptions, format), "FORMAT",
          "json, or a template" },
        { NULL },
};

typedef struct Usage {
        guint total, active;
        uint64_t size, reclaimable;
} Usage;

static void add_layers(Store *store, const ImageFacts *facts, GHashTable *seen, uint64_t *sum) {
        g_autoptr(GPtrArray) chain = NULL;
        if (!store_layer_chain(store, facts->image->layer, &chain, NULL))
                return;
        for (guint i = 0; i < chain->len; i++) {
                const StoreLayer *layer = chain->pdata[i];
                if (g_hash_table_add(seen, g_strdup(layer->id)))
                        *sum += (uint64_t) MAX(layer->diff_size, 0);
        }
}

static Usage image_usage(Store *store, GPtrArray *all) {
        Usage usage = { .total = all->len };
        uint64_t kept = 0;
        g_autoptr(GHashTable) active = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (guint i = 0; i < all->len; i++) {
                const ImageFacts *facts = all->pdata[i];
                add_layers(store, facts, seen, &usage.size);
                if (facts->n_containers == 0)
                        continue;
                usage.active++;
                add_layers(store, facts, active, &kept);
        }
        usage.reclaimable = usage.size - kept;
        return usage;
}

static bool images(Runtime *runtime, Usage *ret_usage, GError **error) {
        g_autoptr(GPtrArray) all = image_facts_list(runtime->store, NULL, NULL, error);
        if (all)
                *ret_usage = image_usage(runtime->store, all);
        return all;
}

/* What they wrote themselves. */
static bool containers(Runtime *runtime, Usage *ret_usage, GError **error) {
        g_autoptr(GPtrArray) all = record_list(runtime->records, error);
        Usage usage = { .total = all ? all->len : 0 };
        for (guint i = 0; i < usage.total; i++) {
                const ContainerRecord *record = all->pdata[i];
                g_autofree char *data = record_data_path(runtime->records, record);
                g_autofree char *upper = g_build_filename(data, "upper", NULL);
                uint64_t size = tree_size(upper);
                bool runs = record_status(record) == CONTAINER_RUNNING;
                usage.size += size;
                usage.active += runs;
                usage.reclaimable += runs ? 0 : size;
        }
        *ret_usage = usage;
        return all;
}

static bool volumes(Runtime *runtime, Usage *ret_usage, GError **error) {
        g_autofree char *path = volumes_path_of(runtime);
        g_autoptr(GPtrArray) all = volume_list(path, error);
        Usage usage = { .total = all ? all->len : 0 };
        for (guint i = 0; i < usage.total; i++) {
                const Volume *volume = all->pdata[i];
                g_autoptr(GPtrArray) users = volume_users(runtime, volume, error);
                if (!users)
                        return false;
                uint64_t size = tree_size(volume->path);
                usage.size += size;
                usage.active += users->len > 0;
                usage.reclaimable += users->len > 0 ? 0 : size;
        }
        *ret_usage = usage;
        return all;
}

static JsonObject *row(const char *type, const Usage *usage) {
        JsonObject *object = json_object_new();
        g_autofree char *size = text_format_size(usage->size);
        g_autofree char *free_size = text_format_size(usage->reclaimable);
        guint percent = usage->size ? (guint) (usage->reclaimable * 100 / usage->size) : 0;
        g_autofree char *reclaimable = g_strdup_printf("%s (%u%%)", free_size, percent);
        json_object_set_string_member(object, "Type", type);
        json_object_set_int_member(object, "Total", usage->total);
        json_object_set_int_member(object, "Active", usage->active);
        json_object_set_int_member(object, "RawSize", (int64_t) usage->size);
        json_object_set_int_member(object, "RawReclaimable", (int64_t) usage->reclaimable);
        json_object_set_int_member(object, "TotalCount", usage->total);
        json_object_set_string_member(object, "Size", size);
        json_object_set_string_member(object, "Reclaimable", reclaimable);
        return object;
}

static bool show(Runtime *runtime, const char *format, GError **error) {
        static const struct {
                const char *type;
                bool (*count)(Runtime *runtime, Usage *ret_usage, GError **error);
        } types[] = { { "Images", images },
                      { "Containers", containers },
                      { "Local Volumes", volumes } };
        g_autoptr(GPtrArray) objects =
                        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
        for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
                Usage usage;
                if (!types[i].count(runtime, &usage, error))
                        return false;
                g_ptr_array_add(objects, row(types[i].type, &usage));
        }
        if (template_is_json(format)) {
                template_print_json(objects);
                return true;
        }
        return template_print(
                        format ? format
                               : "table {{.Type}}\t{{.Total}}\t{{.Active}}\t{{.Size}}\t"
                                 "{{.Reclaimable}}",
                        objects, true, error);
}

int verb_system_df(int argc, char **argv) {
        static const OptionTable table = {
                .usage = "berth system df [options]",
                .description = "Show what images, containers and volumes take up",
                .rows = rows,
        };
        DfOptions options = { 0 };
        g_auto(Runtime) runtime = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        int begun;
        bool go_on = cli_begin(&table, argc, argv, &options, &operands, &runtime, &begun);
        g_autofree char *format = options.format;
        if (!go_on)
                return begun;
        bool ok = rootless_enter(&error) && pin_settle(&runtime, &error) &&
                  show(&runtime, format, &error);
        return ok ? EXIT_STATUS_OK : verb_fail(&error);
}
