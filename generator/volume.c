/* SPDX-License-Identifier: Apache-2.0 */
/* .volume -> `berth volume create` */
#include <string.h>

#include "base/text.h"
#include "generator/command.h"
#include "generator/convert.h"
#include "generator/reference.h"
#include "generator/service.h"

static void add_option(GString *create, const char *name, const char *value) {
        g_autofree char *option = g_strconcat(name, value, NULL);
        command_add(create, "--opt", option, NULL);
}

static void add_image(GString *create, Quadlet *q) {
        g_autofree char *name = quadlet_string(q, "Image");
        if (!name) {
                quadlet_error(q, quadlet_line(q, "Driver"), "missing-key", "add Image=",
                              "the key Image is mandatory when using the image driver");
                return;
        }
        g_autofree char *image = reference_image(q, name, quadlet_line(q, "Image"));
        if (image)
                add_option(create, "image=", image);
}

#define SNAPSHOTS_DEFAULT "3"

/* yes, no, or how many are kept */
static void add_snapshots(GString *create, Quadlet *q) {
        g_autofree char *text = quadlet_string(q, "Snapshot");
        bool wanted;
        uint64_t n;
        if (!text)
                return;
        if (text_parse_uint64(text, 1000, &n))
                add_option(create, "snapshot=", text);
        else if (!text_parse_bool(text, &wanted))
                quadlet_error(q, quadlet_line(q, "Snapshot"), "invalid-value",
                              "write 'yes' or how many snapshots to keep",
                              "invalid value '%s' of Snapshot", text);
        else
                add_option(create, "snapshot=", wanted ? SNAPSHOTS_DEFAULT : "0");
}

/* User= and Group= of the mount options. Names cannot be looked up at boot (no NSS there), and a
 * name that silently becomes 0 would hand the volume to root. */
static void append_id(GString *options, Quadlet *q, const char *key, const char *name) {
        g_autofree char *text = quadlet_string(q, key);
        if (!text)
                return;
        uint64_t id = 0;
        if (strcmp(text, "root") != 0 && !text_parse_uint64(text, G_MAXUINT32 - 1, &id)) {
                quadlet_error(q, quadlet_line(q, key), "invalid-value", "write the number",
                              "%s=%s of a volume has to be a number", key, text);
                return;
        }
        g_string_append_printf(
                        options, "%s%s=%u", options->len > 0 ? "," : "", name, (unsigned int) id);
}

static void add_mount_options(GString *create, Quadlet *q) {
        g_autofree char *device = quadlet_string(q, "Device");
        g_autofree char *type = quadlet_string(q, "Type");
        g_autofree char *rest = quadlet_string(q, "Options");
        if (quadlet_has(q, "Copy"))
                command_add(create, "--opt", quadlet_bool(q, "Copy", true) ? "copy" : "nocopy",
                            NULL);
        if (device)
                add_option(create, "device=", device);
        if (type && !device)
                quadlet_error(q, quadlet_line(q, "Type"), "missing-key",
                              "add Device=", "key Type can't be used without Device");
        if (type)
                add_option(create, "type=", type);
        if (type && device && strcmp(type, "bind") == 0)
                service_require_mounts(q, device);
        add_snapshots(create, q);
        g_autoptr(GString) options = g_string_new(NULL);
        append_id(options, q, "User", "uid");
        append_id(options, q, "Group", "gid");
        if (rest)
                g_string_append_printf(options, "%s%s", options->len > 0 ? "," : "", rest);
        if (options->len > 0)
                add_option(create, "o=", options->str);
}

void volume_convert(Quadlet *q) {
        g_autoptr(GString) create = command_new(q, "volume", "create", "--ignore", NULL);
        command_add_group(create, q, GROUP_HEAD);
        g_autofree char *driver = quadlet_string(q, "Driver");
        if (driver && strcmp(driver, "image") == 0)
                add_image(create, q);
        else
                add_mount_options(create, q);
        command_add_group(create, q, GROUP_PAIRS);
        command_add_values(create, q, "PodmanArgs", NULL);
        command_add(create, q->resource, NULL);
        service_add_command(q, "ExecStart", create, false);
        service_oneshot(q, true);
}
