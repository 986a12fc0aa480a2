/* SPDX-License-Identifier: Apache-2.0 */
/* berth image tree: the layers of an image, or what was built on it. Layers know what is below
 * them; what is above is found by walking the chains of all images. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/store-open.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "store/place.h"

/* box drawings: tee, corner, vertical */
#define BRANCH "\xe2\x94\x9c\xe2\x94\x80\xe2\x94\x80 "
#define LAST   "\xe2\x94\x94\xe2\x94\x80\xe2\x94\x80 "
#define PASSES "\xe2\x94\x82   "
#define EMPTY  "    "

#define DEPTH_MAX 512 /* layers of one image: overlayfs takes fewer */

typedef struct Node {
        char *id;
        int64_t size;
        GString *names;      /* of the images whose topmost layer it is, or NULL */
        GPtrArray *children; /* of Node, borrowed */
} Node;

static void node_free(gpointer data) {
        Node *node = data;
        g_free(node->id);
        if (node->names)
                g_string_free(node->names, TRUE);
        g_ptr_array_unref(node->children);
        g_free(node);
}

static Node *node_of(GHashTable *nodes, const StoreLayer *layer) {
        Node *node = g_hash_table_lookup(nodes, layer->id);
        if (node)
                return node;
        node = g_new0(Node, 1);
        node->id = g_strdup(layer->id);
        node->size = MAX(layer->diff_size, 0);
        node->children = g_ptr_array_new();
        g_hash_table_insert(nodes, node->id, node);
        return node;
}

static void add_names(Node *node, const StoreImage *image) {
        g_autofree char *text = g_strjoinv(" ", image->names);
        if (!node->names)
                node->names = g_string_new(text);
        else if (*text)
                g_string_append_printf(node->names, "%s%s", node->names->len > 0 ? " " : "", text);
}

/* Layer id -> Node. A damaged image must not hide the others. */
static GHashTable *collect(Store *store, GError **error) {
        g_autoptr(GPtrArray) images = NULL;
        if (!store_image_list(store, &images, error))
                return NULL;
        GHashTable *nodes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, node_free);
        for (guint i = 0; i < images->len; i++) {
                const StoreImage *image = images->pdata[i];
                g_autoptr(GPtrArray) chain = NULL;
                if (!store_layer_chain(store, image->layer, &chain, NULL))
                        continue;
                for (guint n = 0; n < chain->len; n++) {
                        Node *node = node_of(nodes, chain->pdata[n]);
                        if (n == 0)
                                add_names(node, image);
                        if (n + 1 == chain->len)
                                continue;
                        Node *below = node_of(nodes, chain->pdata[n + 1]);
                        if (!g_ptr_array_find(below->children, node, NULL))
                                g_ptr_array_add(below->children, node);
                }
        }
        return nodes;
}

static void print_node(const Node *node, const char *indent, bool last) {
        g_autofree char *size = text_format_size((uint64_t) node->size);
        printf("%s%sID: %.12s Size: %8s", indent, last ? LAST : BRANCH, node->id, size);
        if (node->names)
                printf(" Top Layer of: [%s]", node->names->str);
        printf("\n");
}

static gint by_id(gconstpointer a, gconstpointer b) {
        return strcmp((*(const Node *const *) a)->id, (*(const Node *const *) b)->id);
}

static void print_children(const Node *node, const char *indent, guint depth) {
        g_ptr_array_sort(node->children, by_id);
        for (guint i = 0; i < node->children->len && depth < DEPTH_MAX; i++) {
                bool last = i + 1 == node->children->len;
                g_autofree char *deeper = g_strconcat(indent, last ? EMPTY : PASSES, NULL);
                print_node(node->children->pdata[i], indent, last);
                print_children(node->children->pdata[i], deeper, depth + 1);
        }
}

static bool show(Store *store, const char *name, bool above, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        g_autoptr(GPtrArray) chain = NULL;
        uint64_t size;
        if (!store_image_find(store, name, &image, error) ||
            !store_layer_chain(store, image->layer, &chain, error) ||
            !store_image_size(store, image, &size, error))
                return false;
        g_autoptr(GHashTable) nodes = collect(store, error);
        if (!nodes)
                return false;
        g_autofree char *tags = g_strjoinv(" ", image->names);
        g_autofree char *human = text_format_size(size);
        printf("Image ID: %.12s\nTags:     [%s]\nSize:     %s\n", image->id, tags, human);
        printf(chain->len == 0 ? "No Image Layers\n" : "Image Layers\n");
        if (chain->len > 0 && above) { /* as Podman draws it: beside its children, not above */
                const Node *top = node_of(nodes, chain->pdata[0]);
                print_node(top, "", top->children->len == 0);
                print_children(top, "", 0);
                return true;
        }
        for (guint i = chain->len; i > 0; i--)
                print_node(node_of(nodes, chain->pdata[i - 1]), "", i == 1);
        return true;
}

typedef struct TreeOptions {
        bool what_requires;
} TreeOptions;

int verb_image_tree(int argc, char **argv) {
        static const OptionRow rows[] = {
                { "whatrequires", 0, OPTION_BOOL, offsetof(TreeOptions, what_requires), NULL,
                  "What was built on the image instead" },
                { NULL },
        };
        static const OptionTable table = {
                .usage = "berth image tree [options] IMAGE",
                .description = "Show an image's layers",
                .rows = rows,
                .operands_min = 1,
                .operands_max = 1,
        };
        TreeOptions options = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char **operands = NULL;
        OptionResult r = options_parse(&table, argc, argv, &options, &operands, &error);
        if (r == OPTION_RESULT_HELP)
                return EXIT_STATUS_OK;
        g_autoptr(Store) store = r == OPTION_RESULT_OK ? cli_store_open(&error) : NULL;
        if (!store || !show(store, operands[0], options.what_requires, &error))
                return verb_fail(&error);
        return EXIT_STATUS_OK;
}
