/* SPDX-License-Identifier: Apache-2.0 */
/* --userns and its relatives to maps. */
#include "runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "base/user.h"
#include "runtime/idmap.h"
#include "runtime/subid.h"

#define UNIT_IDS 65535 /* besides the unit's own user, who is the container's root */

void user_namespace_clear(UserNamespace *ns) {
        g_clear_pointer(&ns->path, g_free);
        g_clear_pointer(&ns->uids, g_array_unref);
        g_clear_pointer(&ns->gids, g_array_unref);
}

bool id_map_row_parse(const char *text, const char *what, IdMapRow *ret_row, GError **error) {
        IdMapRow row = { .size = 1 };
        const char *at = text;
        for (; *at == '+' || *at == 'u' || *at == 'g'; at++) {
                row.is_extension = row.is_extension || *at == '+';
                row.for_uids = row.for_uids || *at == 'u';
                row.for_gids = row.for_gids || *at == 'g';
        }
        if (!row.for_uids && !row.for_gids)
                row.for_uids = row.for_gids = true;
        g_auto(GStrv) fields = g_strsplit(at, ":", -1);
        guint n = g_strv_length(fields);
        const char *from = n > 1 ? fields[1] : "";
        row.is_host_id = *from == '@';
        uint64_t container, outer, size = 1;
        if (n < 2 || n > 3 || !text_parse_uint64(fields[0], UINT32_MAX - 1, &container) ||
            !text_parse_uint64(from + row.is_host_id, UINT32_MAX - 1, &outer) ||
            (n == 3 && !text_parse_uint64(fields[2], UINT32_MAX, &size)))
                return error_set_invalid(
                                error,
                                "initializing ID mappings: %s setting is malformed expected "
                                "[\"[+ug]uint32:[@]uint32[:uint32]\"] : [\"%s\"]",
                                what, text);
        row.container = (uint32_t) container;
        row.from = (uint32_t) outer;
        row.size = (uint32_t) size;
        *ret_row = row;
        return true;
}

void id_map_override(GArray *map, uint32_t container, uint32_t host, uint32_t size) {
        g_autoptr(GArray) before = oci_id_map_new();
        g_array_append_vals(before, map->data, map->len);
        g_array_set_size(map, 0);
        uint64_t end = (uint64_t) container + size;
        for (guint i = 0; i < before->len; i++) {
                const OciIdMapping *m = &g_array_index(before, OciIdMapping, i);
                uint64_t row_end = (uint64_t) m->container + m->size;
                if (row_end <= container || m->container >= end) {
                        g_array_append_val(map, *m);
                        continue;
                }
                if (m->container < container)
                        oci_id_map_add(map, m->container, m->host, container - m->container);
                if (row_end > end)
                        oci_id_map_add(map, (uint32_t) end,
                                       m->host + (uint32_t) (end - m->container),
                                       (uint32_t) (row_end - end));
        }
        oci_id_map_add(map, container, host, size);
}

static int by_container_id(gconstpointer a, gconstpointer b) {
        const OciIdMapping *x = a, *y = b;
        return x->container < y->container ? -1 : x->container > y->container;
}

/* '@': an id of the host, which our own namespace knows under another number. */
static bool from_host_id(const char *proc_map, IdMapRow *row, const char *text, GError **error) {
        g_autoptr(GArray) own = NULL;
        if (!id_map_read(proc_map, &own, error))
                return false;
        for (guint i = 0; i < own->len; i++) {
                const OciIdMapping *m = &g_array_index(own, OciIdMapping, i);
                if (row->from >= m->host && row->from - m->host < m->size) {
                        row->from = m->container + (row->from - m->host);
                        return true;
                }
        }
        return error_set_invalid(
                        error, "the host id of '%s' is not among those that we may map", text);
}

static bool
add_rows(GPtrArray *rows, bool uids, const char *what, GArray *map, GArray *base, GError **error) {
        for (guint i = 0; rows && i < rows->len; i++) {
                IdMapRow row;
                if (!id_map_row_parse(rows->pdata[i], what, &row, error) ||
                    (row.is_host_id &&
                     !from_host_id(uids ? "/proc/self/uid_map" : "/proc/self/gid_map", &row,
                                   rows->pdata[i], error)))
                        return false;
                if (row.is_extension && map->len == 0)
                        g_array_append_vals(map, base->data, base->len);
                if (row.is_extension)
                        id_map_override(map, row.container, row.from, row.size);
                else
                        oci_id_map_add(map, row.container, row.from, row.size);
        }
        return true;
}

/* --subuidname: the user's ranges one after the other, from container id 0. */
static bool add_subids(const char *path, const char *user, GArray *map, GError **error) {
        g_autoptr(GArray) ranges = NULL;
        if (!subid_load(path, user, UINT32_MAX, &ranges, error))
                return false;
        if (ranges->len == 0)
                return error_set_invalid(
                                error, "no subordinate id ranges found for user \"%s\" in %s", user,
                                path);
        uint32_t at = 0;
        for (guint i = 0; i < ranges->len; i++) {
                const SubidRange *r = &g_array_index(ranges, SubidRange, i);
                oci_id_map_add(map, at, r->start, r->count);
                at += r->count;
        }
        return true;
}

/* What our own namespace has, as a map onto itself: the base of "+" rows. */
static bool own_ids(const char *proc_map, GArray **ret_base, GError **error) {
        g_autoptr(GArray) own = NULL;
        if (!id_map_read(proc_map, &own, error))
                return false;
        for (guint i = 0; i < own->len; i++) {
                OciIdMapping *m = &g_array_index(own, OciIdMapping, i);
                m->host = m->container;
        }
        *ret_base = g_steal_pointer(&own);
        return true;
}

/* --uidmap, --gidmap, --subuidname, --subgidname: one kind alone serves for both. */
static bool explicit_maps(const ContainerOptions *o, UserNamespace *ns, GError **error) {
        g_autoptr(GArray) base_uids = NULL;
        g_autoptr(GArray) base_gids = NULL;
        const char *uid_name = o->subuidname ? o->subuidname : o->subgidname;
        const char *gid_name = o->subgidname ? o->subgidname : o->subuidname;
        if (uid_name && (!add_subids("/etc/subuid", uid_name, ns->uids, error) ||
                         !add_subids("/etc/subgid", gid_name, ns->gids, error)))
                return false;
        if (!own_ids("/proc/self/uid_map", &base_uids, error) ||
            !own_ids("/proc/self/gid_map", &base_gids, error) ||
            !add_rows(o->uidmap, true, "UID", ns->uids, base_uids, error) ||
            !add_rows(o->gidmap, false, "GID", ns->gids, base_gids, error))
                return false;
        if (ns->uids->len == 0)
                g_array_append_vals(ns->uids, ns->gids->data, ns->gids->len);
        if (ns->gids->len == 0)
                g_array_append_vals(ns->gids, ns->uids->data, ns->uids->len);
        ns->is_new = true;
        return true;
}

/* One range for both kinds, from container id `at` up. */
static bool
claim_range(const UserNamespaceRequest *request,
            uint32_t size,
            uint32_t at,
            UserNamespace *ns,
            GError **error) {
        if (!user_namespace_claim(
                            request->records, request->container_id, size, &ns->claim_start, error))
                return false;
        ns->claim_size = size;
        ns->is_new = ns->is_automatic = true;
        oci_id_map_add(ns->uids, at, ns->claim_start, size);
        oci_id_map_add(ns->gids, at, ns->claim_start, size);
        return true;
}

/* auto[:size=N,uidmapping=C:H:S,gidmapping=C:H:S] */
static bool
automatic_maps(const UserNamespaceRequest *request,
               const char *options,
               UserNamespace *ns,
               GError **error) {
        uint64_t size = 0;
        g_autoptr(GPtrArray) uid_rows = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) gid_rows = g_ptr_array_new_with_free_func(g_free);
        g_auto(GStrv) words = g_strsplit(options, ",", -1);
        for (char **word = words; *word; word++) {
                const char *value = strchr(*word, '=');
                g_autofree char *name =
                                value ? g_strndup(*word, (gsize) (value - *word)) : g_strdup(*word);
                value = value ? value + 1 : "";
                if (**word == '\0')
                        continue;
                if (strcmp(name, "size") == 0) {
                        if (!text_parse_uint64(value, UINT32_MAX / 2, &size) || size == 0)
                                return error_set_invalid(
                                                error, "invalid size of --userns auto: '%s'",
                                                value);
                } else if (strcmp(name, "uidmapping") == 0) {
                        g_ptr_array_add(uid_rows, g_strdup(value));
                } else if (strcmp(name, "gidmapping") == 0) {
                        g_ptr_array_add(gid_rows, g_strdup(value));
                } else {
                        return error_set_invalid(error, "unknown option specified: \"%s\"", name);
                }
        }
        uint32_t needed = (uint32_t) size;
        if (needed == 0 && !user_namespace_image_size(request, &needed, error))
                return false;
        if (!claim_range(request, needed, 0, ns, error))
                return false;
        for (guint i = 0; i < uid_rows->len + gid_rows->len; i++) {
                IdMapRow row;
                bool uids = i < uid_rows->len;
                const char *text = uids ? uid_rows->pdata[i] : gid_rows->pdata[i - uid_rows->len];
                if (!id_map_row_parse(text, uids ? "UID" : "GID", &row, error))
                        return false;
                id_map_override(uids ? ns->uids : ns->gids, row.container, row.from, row.size);
        }
        return true;
}

/* All ids of our namespace but 0, then ours at place `at`: the user is themselves inside. */
static void keep_id_map(uint32_t at, uint64_t available, bool with_own, GArray *map) {
        uint32_t others = (uint32_t) MIN(available > 0 ? available - 1 : 0, UINT32_MAX - 2);
        uint32_t below = MIN(at, others);
        if (!with_own) {
                oci_id_map_add(map, 0, 1, others);
                return;
        }
        if (below > 0)
                oci_id_map_add(map, 0, 1, below);
        oci_id_map_add(map, at, 0, 1);
        if (others > below)
                oci_id_map_add(map, at + 1, below + 1, others - below);
}

/* keep-id[:uid=N,gid=N,size=N] and nomap, which the real root has no use for. */
static bool
keep_id_maps(const char *options, bool with_own, gid_t own_gid, UserNamespace *ns, GError **error) {
        uint64_t uid = user_id(), gid = own_gid, size = 0;
        g_auto(GStrv) words = g_strsplit(options, ",", -1);
        for (char **word = words; *word; word++) {
                const char *value = strchr(*word, '=');
                uint64_t *at = g_str_has_prefix(*word, "uid=")    ? &uid
                               : g_str_has_prefix(*word, "gid=")  ? &gid
                               : g_str_has_prefix(*word, "size=") ? &size
                                                                  : NULL;
                if (**word == '\0')
                        continue;
                if (!at || !text_parse_uint64(value + 1, UINT32_MAX - 2, at))
                        return error_set_invalid(error, "unknown option specified: \"%s\"", *word);
        }
        g_autoptr(GArray) uids = NULL;
        g_autoptr(GArray) gids = NULL;
        if (!own_ids("/proc/self/uid_map", &uids, error) ||
            !own_ids("/proc/self/gid_map", &gids, error))
                return false;
        uint64_t n_uids = id_map_size(uids), n_gids = id_map_size(gids);
        keep_id_map((uint32_t) uid, size ? MIN(size, n_uids) : n_uids, with_own, ns->uids);
        keep_id_map((uint32_t) gid, size ? MIN(size, n_gids) : n_gids, with_own, ns->gids);
        ns->is_new = true;
        ns->has_user = with_own;
        ns->uid = (uid_t) uid;
        ns->gid = (gid_t) gid;
        return true;
}

/* A process inside lets us read what its maps look like from our own namespace. */
static bool read_namespace_maps(const char *path, UserNamespace *ns, GError **error) {
        autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
        int ends[2];
        if (fd < 0)
                return error_set_errno(
                                error, errno, "cannot find specified user namespace path: %s",
                                path);
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot create a pipe");
        autofd int hold = ends[1];
        autofd int wait = ends[0];
        int ready[2];
        if (pipe2(ready, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot create a pipe");
        autofd int is_ready = ready[0];
        autofd int say_ready = ready[1];
        pid_t pid = fork();
        if (pid == 0) {
                char word = setns(fd, CLONE_NEWUSER) < 0 ? 'n' : 'y';
                (void) close(hold);
                if (write(say_ready, &word, 1) == 1)
                        while (read(wait, &word, 1) < 0 && errno == EINTR)
                                continue;
                _exit(0);
        }
        if (pid < 0)
                return error_set_errno(error, errno, "Cannot start a process");
        char word = 'n';
        char uid_path[48], gid_path[48];
        snprintf(uid_path, sizeof uid_path, "/proc/%d/uid_map", (int) pid);
        snprintf(gid_path, sizeof gid_path, "/proc/%d/gid_map", (int) pid);
        bool ok = read(is_ready, &word, 1) == 1 && word == 'y';
        if (!ok)
                error_set_invalid(error, "Cannot enter the user namespace '%s'", path);
        g_clear_pointer(&ns->uids, g_array_unref);
        g_clear_pointer(&ns->gids, g_array_unref);
        ok = ok && id_map_read(uid_path, &ns->uids, error) &&
             id_map_read(gid_path, &ns->gids, error);
        fd_close(&hold);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                continue;
        return ok;
}

static bool
join_container(const UserNamespaceRequest *request,
               const char *name,
               UserNamespace *ns,
               GError **error) {
        g_autoptr(ContainerRecord) other = record_find(request->records, name, error);
        if (!other) {
                g_prefix_error(error, "looking up container to share user namespace with: ");
                return false;
        }
        if (record_status(other) != CONTAINER_RUNNING)
                return error_set_invalid(
                                error,
                                "cannot join the user namespace of container %s: it is not running",
                                name);
        ns->path = g_strdup_printf("/proc/%d/ns/user", (int) other->pid);
        return read_namespace_maps(ns->path, ns, error);
}

/* The unit's user is the container's root; the other ids are of a range of its own. */
static bool
unit_maps(const UserNamespaceRequest *request,
          uid_t uid,
          gid_t gid,
          UserNamespace *ns,
          GError **error) {
        oci_id_map_add(ns->uids, 0, uid, 1);
        oci_id_map_add(ns->gids, 0, gid, 1);
        return claim_range(request, UNIT_IDS, 1, ns, error);
}

static bool
by_mode(const UserNamespaceRequest *request, const char *mode, UserNamespace *ns, GError **error) {
        const char *colon = strchr(mode, ':');
        g_autofree char *name = colon ? g_strndup(mode, (gsize) (colon - mode)) : g_strdup(mode);
        const char *rest = colon ? colon + 1 : "";
        bool is_root = user_is_root();
        if (strcmp(name, "auto") == 0)
                return automatic_maps(request, rest, ns, error);
        if (strcmp(name, "keep-id") == 0 && is_root)
                return true; /* Podman: root is themselves already */
        if (strcmp(name, "keep-id") == 0)
                return keep_id_maps(rest, true, user_group_id(), ns, error);
        if (strcmp(name, "nomap") == 0 && is_root)
                return error_set_invalid(error, "nomap is only supported in rootless mode");
        if (strcmp(name, "nomap") == 0)
                return keep_id_maps(rest, false, 0, ns, error);
        if (strcmp(name, "container") == 0)
                return join_container(request, rest, ns, error);
        if (strcmp(name, "ns") == 0) {
                ns->path = g_strdup(rest);
                return read_namespace_maps(rest, ns, error);
        }
        if (strcmp(name, "private") == 0)
                return error_set_invalid(
                                error, "must provide at least one UID or GID mapping to configure "
                                       "a user namespace");
        return error_set_invalid(error, "unrecognized namespace mode %s passed", mode);
}

static bool resolve(const UserNamespaceRequest *request, UserNamespace *ns, GError **error) {
        const ContainerOptions *o = request->options;
        uid_t uid;
        gid_t gid;
        const char *mode = o->userns && *o->userns ? o->userns : NULL;
        bool maps = o->uidmap || o->gidmap || o->subuidname || o->subgidname;
        if (maps && mode && strcmp(mode, "private") != 0)
                return error_set_invalid(
                                error, "--userns and --uidmap/--gidmap/--subuidname/--subgidname "
                                       "are mutually exclusive");
        if (maps)
                return explicit_maps(o, ns, error);
        if (mode && strcmp(mode, "host") == 0)
                return true;
        if (mode)
                return by_mode(request, mode, ns, error);
        if (user_namespace_of_unit(&uid, &gid))
                return unit_maps(request, uid, gid, ns, error);
        return true;
}

bool user_namespace_resolve(
                const UserNamespaceRequest *request, UserNamespace *ret_ns, GError **error) {
        g_auto(UserNamespace) ns = { .uids = oci_id_map_new(), .gids = oci_id_map_new() };
        if (!resolve(request, &ns, error))
                return false;
        g_array_sort(ns.uids, by_container_id);
        g_array_sort(ns.gids, by_container_id);
        if (ns.is_new &&
            (!id_map_check(ns.uids, "uid", error) || !id_map_check(ns.gids, "gid", error)))
                return false;
        *ret_ns = ns;
        ns = (UserNamespace){ 0 };
        return true;
}
