/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of unit properties, and their form on the bus. */
#include "systemd/unit-property.h"

#include <string.h>
#include <systemd/sd-bus.h>

typedef struct Row { /* of a list of pairs */
        char *first, *second;
        uint64_t number;
} Row;

typedef struct Property {
        const char *name;
        const char *type; /* of the variant */
        char *text;
        char **words;
        GBytes *bytes;
        uint64_t number;
        GArray *rows; /* of Row */
} Property;

struct UnitProperties {
        GPtrArray *list; /* of Property */
};

static void row_clear(gpointer data) {
        Row *row = data;
        g_free(row->first);
        g_free(row->second);
}

static void property_free(gpointer data) {
        Property *p = data;
        g_free(p->text);
        g_strfreev(p->words);
        g_clear_pointer(&p->bytes, g_bytes_unref);
        g_clear_pointer(&p->rows, g_array_unref);
        g_free(p);
}

UnitProperties *unit_properties_new(void) {
        UnitProperties *properties = g_new0(UnitProperties, 1);
        properties->list = g_ptr_array_new_with_free_func(property_free);
        return properties;
}

void unit_properties_free(UnitProperties *properties) {
        if (!properties)
                return;
        g_ptr_array_unref(properties->list);
        g_free(properties);
}

bool unit_properties_is_empty(const UnitProperties *properties) {
        return properties->list->len == 0;
}

static Property *add(UnitProperties *properties, const char *name, const char *type) {
        Property *p = g_new0(Property, 1);
        p->name = name;
        p->type = type;
        g_ptr_array_add(properties->list, p);
        return p;
}

void unit_properties_string(UnitProperties *properties, const char *name, const char *value) {
        add(properties, name, "s")->text = g_strdup(value);
}

void unit_properties_strv(UnitProperties *properties, const char *name, const char *const *values) {
        add(properties, name, "as")->words = g_strdupv((char **) values);
}

void unit_properties_bool(UnitProperties *properties, const char *name, bool value) {
        add(properties, name, "b")->number = value;
}

void unit_properties_int(UnitProperties *properties, const char *name, int32_t value) {
        add(properties, name, "i")->number = (uint64_t) (int64_t) value;
}

void unit_properties_uint32(UnitProperties *properties, const char *name, uint32_t value) {
        add(properties, name, "u")->number = value;
}

void unit_properties_uint64(UnitProperties *properties, const char *name, uint64_t value) {
        add(properties, name, "t")->number = value;
}

void unit_properties_bytes(
                UnitProperties *properties, const char *name, const uint8_t *bytes, size_t size) {
        add(properties, name, "ay")->bytes = g_bytes_new(bytes, size);
}

static void
add_row(UnitProperties *properties, const char *name, const char *type, const Row *row) {
        Property *p = NULL;
        for (guint i = 0; i < properties->list->len && !p; i++) {
                Property *one = properties->list->pdata[i];
                if (strcmp(one->name, name) == 0)
                        p = one;
        }
        if (!p) {
                p = add(properties, name, type);
                p->rows = g_array_new(FALSE, FALSE, sizeof(Row));
                g_array_set_clear_func(p->rows, row_clear);
        }
        g_array_append_val(p->rows, *row);
}

void unit_properties_device(
                UnitProperties *properties, const char *name, const char *path, uint64_t value) {
        Row row = { g_strdup(path), NULL, value };
        add_row(properties, name, "a(st)", &row);
}

void unit_properties_pair(
                UnitProperties *properties,
                const char *name,
                const char *first,
                const char *second) {
        Row row = { g_strdup(first), g_strdup(second), 0 };
        add_row(properties, name, "a(ss)", &row);
}

void unit_properties_exec(UnitProperties *properties, const char *name, const char *const *argv) {
        add(properties, name, "a(sasb)")->words = g_strdupv((char **) argv);
}

void unit_properties_pid(UnitProperties *properties, const char *name, uint32_t pid) {
        add(properties, name, "au")->number = pid;
}

static int append_rows(const Property *p, sd_bus_message *m) {
        bool numbers = strcmp(p->type, "a(st)") == 0;
        int r = sd_bus_message_open_container(m, 'a', p->type + 1);
        for (guint i = 0; i < p->rows->len && r >= 0; i++) {
                const Row *row = &g_array_index(p->rows, Row, i);
                r = numbers ? sd_bus_message_append(m, "(st)", row->first, row->number)
                            : sd_bus_message_append(m, "(ss)", row->first, row->second);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_exec(const Property *p, sd_bus_message *m) {
        int r = sd_bus_message_open_container(m, 'a', "(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'r', "sasb");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", p->words[0]);
        if (r >= 0)
                r = sd_bus_message_append_strv(m, p->words);
        if (r >= 0)
                r = sd_bus_message_append(m, "b", 0);
        for (int i = 0; i < 2 && r >= 0; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

static int append_value(const Property *p, sd_bus_message *m) {
        if (p->rows)
                return append_rows(p, m);
        if (strcmp(p->type, "a(sasb)") == 0)
                return append_exec(p, m);
        if (strcmp(p->type, "as") == 0)
                return sd_bus_message_append_strv(m, p->words);
        if (strcmp(p->type, "ay") == 0) {
                gsize size;
                const void *bytes = g_bytes_get_data(p->bytes, &size);
                return sd_bus_message_append_array(m, 'y', bytes, size);
        }
        if (strcmp(p->type, "au") == 0)
                return sd_bus_message_append(m, "au", 1, (uint32_t) p->number);
        switch (p->type[0]) {
        case 's':
                return sd_bus_message_append(m, "s", p->text);
        case 't':
                return sd_bus_message_append(m, "t", p->number);
        default: /* b, i, u */
                return sd_bus_message_append(m, p->type, (int32_t) (int64_t) p->number);
        }
}

int unit_properties_append(const UnitProperties *properties, sd_bus_message *m) {
        int r = sd_bus_message_open_container(m, 'a', "(sv)");
        for (guint i = 0; i < properties->list->len && r >= 0; i++) {
                const Property *p = properties->list->pdata[i];
                r = sd_bus_message_open_container(m, 'r', "sv");
                if (r >= 0)
                        r = sd_bus_message_append(m, "s", p->name);
                if (r >= 0)
                        r = sd_bus_message_open_container(m, 'v', p->type);
                if (r >= 0)
                        r = append_value(p, m);
                for (int k = 0; k < 2 && r >= 0; k++)
                        r = sd_bus_message_close_container(m);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}
