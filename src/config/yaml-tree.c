/* SPDX-License-Identifier: Apache-2.0 */
/* The one file that knows libyaml's parser in the configuration layer. */
#include "config/yaml-tree.h"

#include <fcntl.h>
#include <string.h>
#include <yaml.h>

#include "base/error.h"
#include "base/file.h"

typedef struct Reader {
        yaml_parser_t parser;
        const char *path;
        GError **error;
} Reader;

static bool fail(Reader *reader, const yaml_mark_t *mark, const char *why) {
        return error_set_invalid(
                        reader->error, "%s:%zu:%zu: %s", reader->path, mark->line + 1,
                        mark->column + 1, why);
}

static bool next(Reader *reader, yaml_event_t *event) {
        if (yaml_parser_parse(&reader->parser, event))
                return true;
        return fail(reader, &reader->parser.problem_mark,
                    reader->parser.problem ? reader->parser.problem : "not YAML");
}

/* YAML 1.2 core schema for plain scalars; quoted ones are strings. */
static JsonNode *scalar(const yaml_event_t *event) {
        const char *text = (const char *) event->data.scalar.value;
        JsonNode *node = json_node_new(JSON_NODE_VALUE);
        bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        char *end = NULL;
        if (plain && (!*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0)) {
                json_node_unref(node);
                return json_node_new(JSON_NODE_NULL);
        }
        if (plain && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
                json_node_set_boolean(node, *text == 't');
                return node;
        }
        gint64 number = plain ? g_ascii_strtoll(text, &end, 10) : 0;
        if (plain && end != text && !*end && strlen(text) < 19)
                json_node_set_int(node, number);
        else
                json_node_set_string(node, text);
        return node;
}

static bool read_node(Reader *reader, yaml_event_t *event, unsigned int depth, JsonNode **ret_node);

static bool read_sequence(Reader *reader, unsigned int depth, JsonNode **ret_node) {
        g_autoptr(JsonArray) array = json_array_new();
        for (;;) {
                yaml_event_t event;
                JsonNode *element = NULL;
                if (!next(reader, &event))
                        return false;
                bool end = event.type == YAML_SEQUENCE_END_EVENT;
                bool ok = end || read_node(reader, &event, depth + 1, &element);
                yaml_event_delete(&event);
                if (!ok)
                        return false;
                if (end)
                        break;
                json_array_add_element(array, element);
        }
        *ret_node = json_node_new(JSON_NODE_ARRAY);
        json_node_set_array(*ret_node, array);
        return true;
}

static bool read_pair(Reader *reader, yaml_event_t *key, JsonObject *object, unsigned int depth) {
        if (key->type != YAML_SCALAR_EVENT)
                return fail(reader, &key->start_mark, "a key is not a string");
        const char *name = (const char *) key->data.scalar.value;
        if (json_object_has_member(object, name))
                return fail(reader, &key->start_mark, "a key is given twice");
        yaml_event_t event;
        JsonNode *value = NULL;
        if (!next(reader, &event))
                return false;
        bool ok = read_node(reader, &event, depth + 1, &value);
        yaml_event_delete(&event);
        if (ok)
                json_object_set_member(object, name, value);
        return ok;
}

static bool read_mapping(Reader *reader, unsigned int depth, JsonNode **ret_node) {
        g_autoptr(JsonObject) object = json_object_new();
        for (;;) {
                yaml_event_t event;
                if (!next(reader, &event))
                        return false;
                bool end = event.type == YAML_MAPPING_END_EVENT;
                bool ok = end || read_pair(reader, &event, object, depth);
                yaml_event_delete(&event);
                if (!ok)
                        return false;
                if (end)
                        break;
        }
        *ret_node = json_node_new(JSON_NODE_OBJECT);
        json_node_set_object(*ret_node, object);
        return true;
}

static bool
read_node(Reader *reader, yaml_event_t *event, unsigned int depth, JsonNode **ret_node) {
        if (depth > YAML_DEPTH_MAX)
                return fail(reader, &event->start_mark, "nested too deep");
        switch (event->type) {
        case YAML_SCALAR_EVENT:
                *ret_node = scalar(event);
                return true;
        case YAML_SEQUENCE_START_EVENT:
                return read_sequence(reader, depth, ret_node);
        case YAML_MAPPING_START_EVENT:
                return read_mapping(reader, depth, ret_node);
        default: /* an alias could make a small file a huge tree */
                return fail(reader, &event->start_mark, "aliases are not supported");
        }
}

/* The first node of the stream; the events before it only announce it. */
static bool read_document(Reader *reader, JsonNode **ret_root) {
        for (;;) {
                yaml_event_t event;
                if (!next(reader, &event))
                        return false;
                yaml_event_type_t type = event.type;
                bool skip = type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT;
                bool ok = true;
                if (type == YAML_STREAM_END_EVENT) {
                        *ret_root = json_node_new(JSON_NODE_OBJECT);
                        json_node_take_object(*ret_root, json_object_new());
                } else if (!skip) {
                        ok = read_node(reader, &event, 0, ret_root);
                }
                yaml_event_delete(&event);
                if (!skip)
                        return ok;
        }
}

bool yaml_tree_parse(const char *text, const char *path, JsonNode **ret_root, GError **error) {
        if (strlen(text) > YAML_SIZE_MAX)
                return error_set_invalid(
                                error, "'%s' is larger than %u bytes", path, YAML_SIZE_MAX);
        Reader reader = { .path = path, .error = error };
        int ok = yaml_parser_initialize(&reader.parser);
        g_assert(ok);
        yaml_parser_set_input_string(&reader.parser, (const unsigned char *) text, strlen(text));
        bool done = read_document(&reader, ret_root);
        yaml_parser_delete(&reader.parser);
        return done;
}

bool yaml_tree_load(const char *path, JsonNode **ret_root, GError **error) {
        g_autofree char *text = NULL;
        return file_read_text(AT_FDCWD, path, YAML_SIZE_MAX, &text, error) &&
               yaml_tree_parse(text, path, ret_root, error);
}
