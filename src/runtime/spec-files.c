/* SPDX-License-Identifier: Apache-2.0 */
/* The small files that a container gets from its manager: hosts, hostname, resolv.conf, time zone,
 * init. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/network.h"
#include "runtime/spec-build.h"

#define HOST_FILE_SIZE_MAX (1u << 20)
#define INIT_PATH_DEFAULT  "/usr/bin/catatonit"

/* Writes RUN/…/name and binds it on destination. */
static bool
add_file(const SpecRequest *request,
         const char *name,
         const char *text,
         const char *destination,
         OciSpec *spec,
         GError **error) {
        g_autofree char *path = g_build_filename(request->run_path, name, NULL);
        if (!file_replace(AT_FDCWD, path, text, strlen(text), 0644, FILE_VOLATILE, error))
                return false;
        oci_spec_add_mount(spec, destination, "bind", path, "bind,rprivate");
        return true;
}

/* --tz: an area of the host's tz database, or "local". */
/* The zone's data as it is on the host now. */
static bool copy_timezone(const char *zone, const char *copy, GError **error) {
        g_autofree char *path =
                        strcmp(zone, "local") == 0
                                        ? g_strdup("/etc/localtime")
                                        : g_build_filename("/usr/share/zoneinfo", zone, NULL);
        g_autoptr(GBytes) bytes = NULL;
        if (!file_read(AT_FDCWD, path, HOST_FILE_SIZE_MAX, &bytes, error)) {
                g_prefix_error(error, "finding timezone %s: ", zone);
                return false;
        }
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        return file_replace(AT_FDCWD, copy, data, size, 0644, FILE_VOLATILE, error);
}

static bool add_timezone(const SpecRequest *request, OciSpec *spec, GError **error) {
        const char *zone = request->options->timezone;
        if (!zone || !*zone)
                return true;
        bool local = strcmp(zone, "local") == 0;
        if (!local && (zone[0] == '/' || strstr(zone, "..")))
                return error_set_invalid(error, "finding timezone: '%s' is not a time zone", zone);
        g_autofree char *copy = g_build_filename(request->run_path, "localtime", NULL);
        if (!copy_timezone(zone, copy, error))
                return false;
        g_hash_table_replace(spec->annotations, g_strdup(SPEC_ANNOTATION_TIMEZONE), g_strdup(zone));
        oci_spec_add_mount(spec, "/etc/localtime", "bind", copy, "bind,rprivate");
        return true;
}

static bool add_init(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        if (!o->init)
                return true;
        const char *path = o->init_path ? o->init_path : INIT_PATH_DEFAULT;
        if (access(path, X_OK) < 0)
                return error_set_errno(
                                error, errno,
                                "Cannot use '%s' as init, is the package catatonit installed?",
                                path);
        oci_spec_add_mount(spec, "/run/podman-init", "bind", path, "bind,rprivate,ro");
        return true;
}

bool spec_build_files(const SpecRequest *request, OciSpec *spec, GError **error) {
        g_autofree char *hostname = g_strconcat(spec->hostname, "\n", NULL);
        return network_build_files(request, spec, error) &&
               (request->options->no_hostname ||
                add_file(request, "hostname", hostname, "/etc/hostname", spec, error)) &&
               add_file(request, "containerenv", "", "/run/.containerenv", spec, error) &&
               add_timezone(request, spec, error) && add_init(request, spec, error);
}

bool spec_restore_files(const char *run_path, const OciSpec *spec, GError **error) {
        g_autofree char *hostname = g_strconcat(spec->hostname ? spec->hostname : "", "\n", NULL);
        const struct {
                const char *name, *text;
        } files[] = { { "hostname", hostname }, { "containerenv", "" } };
        const char *zone = g_hash_table_lookup(spec->annotations, SPEC_ANNOTATION_TIMEZONE);
        g_autofree char *localtime = g_build_filename(run_path, "localtime", NULL);
        if (zone && access(localtime, F_OK) < 0 && !copy_timezone(zone, localtime, error))
                return false;
        for (guint i = 0; i < spec->mounts->len; i++) {
                const OciMount *m = spec->mounts->pdata[i];
                for (size_t k = 0; m->source && k < G_N_ELEMENTS(files); k++) {
                        g_autofree char *path = g_build_filename(run_path, files[k].name, NULL);
                        if (strcmp(path, m->source) == 0 && access(path, F_OK) < 0 &&
                            !file_replace(AT_FDCWD, path, files[k].text, strlen(files[k].text),
                                          0644, FILE_VOLATILE, error))
                                return false;
                }
        }
        return true;
}
