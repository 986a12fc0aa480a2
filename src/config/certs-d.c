/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for one registry. */
#include "config/certs-d.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "config/storage-conf.h"

void registry_certs_clear(RegistryCerts *certs) {
        g_clear_pointer(&certs->authorities, g_ptr_array_unref);
        g_clear_pointer(&certs->cert, g_free);
        g_clear_pointer(&certs->key, g_free);
}

/* "x.cert" -> "x.key", which has to be there. */
static char *partner(const char *directory, const char *name, const char *other, GError **error) {
        const char *dot = strrchr(name, '.');
        g_autofree char *stem = g_strndup(name, (size_t) (dot - name));
        g_autofree char *file = g_strconcat(stem, other, NULL);
        g_autofree char *path = g_build_filename(directory, file, NULL);
        if (access(path, F_OK) == 0)
                return g_steal_pointer(&path);
        error_set_invalid(error, "'%s/%s' has no '%s' beside it", directory, name, file);
        return NULL;
}

static bool take(const char *directory, const char *name, RegistryCerts *certs, GError **error) {
        if (g_str_has_suffix(name, ".crt")) {
                g_ptr_array_add(certs->authorities, g_build_filename(directory, name, NULL));
                return true;
        }
        if (g_str_has_suffix(name, ".key")) {
                g_autofree char *cert = partner(directory, name, ".cert", error);
                return cert;
        }
        if (!g_str_has_suffix(name, ".cert"))
                return true;
        char *key = partner(directory, name, ".key", error);
        if (!key)
                return false;
        g_free(certs->key);
        g_free(certs->cert);
        certs->key = key;
        certs->cert = g_build_filename(directory, name, NULL);
        return true;
}

static bool scan(const char *directory, RegistryCerts *certs, GError **error) {
        GDir *dir = g_dir_open(directory, 0, NULL);
        if (!dir)
                return true;
        bool ok = true;
        for (const char *name; ok && (name = g_dir_read_name(dir));)
                ok = take(directory, name, certs, error);
        g_dir_close(dir);
        return ok;
}

bool certs_d_find(
                const char *directory, const char *host, RegistryCerts *ret_certs, GError **error) {
        g_auto(RegistryCerts) certs = { .authorities = g_ptr_array_new_with_free_func(g_free) };
        if (directory) {
                if (!scan(directory, &certs, error))
                        return false;
        } else {
                g_autofree char *user = config_user_directory();
                g_autofree char *user_certs = g_build_filename(user, "certs.d", NULL);
                const char *const bases[] = { user_certs, "/etc/containers/certs.d",
                                              "/etc/docker/certs.d" };
                for (size_t i = 0; i < G_N_ELEMENTS(bases); i++) {
                        g_autofree char *path = g_build_filename(bases[i], host, NULL);
                        if (!scan(path, &certs, error))
                                return false;
                        if (certs.authorities->len > 0 || certs.cert)
                                break;
                }
        }
        *ret_certs = certs;
        certs = (RegistryCerts){ 0 };
        return true;
}
