/* SPDX-License-Identifier: Apache-2.0 */
/* Id ranges that containers share with nobody.
 *
 * RUN/containers/<id>/ids is a link whose text is the range, and goes with its container.
 * Allocation looks at all of them under a lock that is held for some microseconds, by containers
 * with such a range only. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/user.h"
#include "runtime/idmap.h"
#include "runtime/spec-build.h"
#include "runtime/subid.h"
#include "runtime/userns.h"
#include "systemd/cgroup.h"

#define CLAIM_NAME       "ids"
#define AUTO_USER        "containers" /* as containers/storage has it */
#define AUTO_SIZE_MIN    1024
#define AUTO_SIZE_MAX    65536
#define ACCOUNT_FILE_MAX (8u << 20)
#define STORAGE_FILE_MAX (64u << 20)
#define NOBODY           65534
/* systemd's "UIDs, GIDs on systemd systems": the range for containers, for hosts that name none */
#define SYSTEMD_POOL_MIN 0x00080000u
#define SYSTEMD_POOL_MAX 0x6FFFFFFFu

typedef struct Range {
        uint32_t start, size;
} Range;

/* The link's text is "START-SIZE". */
static bool read_claim(int dir_fd, const char *link, Range *ret_range) {
        char text[32];
        ssize_t n = readlinkat(dir_fd, link, text, sizeof text - 1);
        if (n < 0)
                return false;
        text[n] = '\0';
        return sscanf(text, "%u-%u", &ret_range->start, &ret_range->size) == 2;
}

static bool overlaps(const GArray *used, uint64_t start, uint32_t size, uint64_t *ret_next) {
        for (guint i = 0; i < used->len; i++) {
                const Range *r = &g_array_index(used, Range, i);
                if (start < (uint64_t) r->start + r->size && r->start < start + size) {
                        *ret_next = (uint64_t) r->start + r->size;
                        return true;
                }
        }
        return false;
}

static bool find_free(const GArray *pool, const GArray *used, uint32_t size, uint32_t *ret_start) {
        for (guint i = 0; i < pool->len; i++) {
                const SubidRange *p = &g_array_index(pool, SubidRange, i);
                uint64_t end = (uint64_t) p->start + p->count;
                uint64_t at = p->start;
                while (at + size <= end && overlaps(used, at, size, &at))
                        continue;
                if (at + size <= end) {
                        *ret_start = (uint32_t) at;
                        return true;
                }
        }
        return false;
}

/* Claims that hold, of all containers there are. */
static bool read_claims(int containers_fd, GArray *used, GError **error) {
        int copy = fcntl(containers_fd, F_DUPFD_CLOEXEC, 3);
        DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
        if (!dir) {
                fd_close(&copy);
                return error_set_errno(error, errno, "Cannot read the claimed id ranges");
        }
        rewinddir(dir);
        for (struct dirent *e; (e = readdir(dir));) {
                g_autofree char *link = g_strconcat(e->d_name, "/" CLAIM_NAME, NULL);
                Range range;
                if (e->d_name[0] != '.' && read_claim(containers_fd, link, &range))
                        g_array_append_val(used, range);
        }
        closedir(dir);
        return true;
}

/* What containers/storage gave to Podman's containers, which draw from the same ids. A file that is
 * not as we know it claims nothing. */
static void read_storage_claims(Records *records, GArray *used) {
        g_autofree char *graph_root = g_path_get_dirname(records_data_dir(records));
        g_autofree char *path =
                        g_build_filename(graph_root, "overlay-containers", "containers.json", NULL);
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, STORAGE_FILE_MAX, &text, NULL))
                return;
        g_autofree char *whole = g_strdup_printf("{\"containers\":%s}", text);
        g_autoptr(JsonNode) root = NULL;
        JsonObject *top, *container, *row;
        JsonArray *containers, *map;
        if (!json_parse_object(whole, strlen(whole), STORAGE_FILE_MAX, path, &root, &top, NULL) ||
            !json_get_array(top, "containers", &containers, NULL))
                return;
        for (guint i = 0; containers && i < json_array_get_length(containers); i++) {
                if (!json_element_object(containers, i, &container, NULL) ||
                    !json_get_array(container, "uidmap", &map, NULL))
                        continue;
                for (guint j = 0; map && j < json_array_get_length(map); j++) {
                        int64_t host, size;
                        if (!json_element_object(map, j, &row, NULL) ||
                            !json_get_int(row, "host_id", &host, NULL) ||
                            !json_get_int(row, "size", &size, NULL) || host < 0 ||
                            host > UINT32_MAX || size <= 0 || size > UINT32_MAX)
                                continue;
                        const Range range = { (uint32_t) host, (uint32_t) size };
                        g_array_append_val(used, range);
                }
        }
}

/* One range serves for users and groups, so it must be the user's in both files. */
static GArray *intersect(const GArray *a, const GArray *b) {
        GArray *both = g_array_new(FALSE, FALSE, sizeof(SubidRange));
        for (guint i = 0; i < a->len; i++)
                for (guint j = 0; j < b->len; j++) {
                        const SubidRange *x = &g_array_index(a, SubidRange, i);
                        const SubidRange *y = &g_array_index(b, SubidRange, j);
                        uint64_t start = MAX(x->start, y->start);
                        uint64_t end =
                                        MIN((uint64_t) x->start + x->count,
                                            (uint64_t) y->start + y->count);
                        const SubidRange r = { (uint32_t) start,
                                               end > start ? (uint32_t) (end - start) : 0 };
                        if (r.count > 0)
                                g_array_append_val(both, r);
                }
        return both;
}

/* Where ranges come from: the ids of the user "containers"; in a rootless namespace its own ids
 * above our own; and where an administrator named none, the range that systemd sets aside. */
static bool load_pool(GArray **ret_pool, GArray *used, GError **error) {
        if (!user_is_root()) {
                g_autoptr(GArray) own = g_array_new(FALSE, FALSE, sizeof(SubidRange));
                g_autofree char *text = NULL;
                if (!file_read_text(AT_FDCWD, "/proc/self/uid_map", 65536, &text, error))
                        return false;
                g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
                for (char **line = lines; *line; line++) {
                        SubidRange r;
                        unsigned int host;
                        if (sscanf(*line, "%u %u %u", &r.start, &host, &r.count) == 3 &&
                            r.start > 0)
                                g_array_append_val(own, r);
                }
                *ret_pool = g_steal_pointer(&own);
                return true;
        }
        g_autoptr(GArray) uids = NULL;
        g_autoptr(GArray) gids = NULL;
        if (!subid_load("/etc/subuid", AUTO_USER, UINT32_MAX, &uids, error) ||
            !subid_load("/etc/subgid", AUTO_USER, UINT32_MAX, &gids, error))
                return false;
        g_autoptr(GArray) pool = intersect(uids, gids);
        if (uids->len == 0 && gids->len == 0) {
                g_autoptr(GArray) others = NULL;
                g_autoptr(GArray) other_groups = NULL;
                const SubidRange all = { SYSTEMD_POOL_MIN,
                                         SYSTEMD_POOL_MAX - SYSTEMD_POOL_MIN + 1 };
                g_array_append_val(pool, all);
                if (!subid_load_all("/etc/subuid", &others, error) ||
                    !subid_load_all("/etc/subgid", &other_groups, error))
                        return false;
                g_array_append_vals(others, other_groups->data, other_groups->len);
                for (guint i = 0; i < others->len; i++) {
                        const SubidRange *o = &g_array_index(others, SubidRange, i);
                        const Range range = { o->start, o->count };
                        g_array_append_val(used, range);
                }
        }
        *ret_pool = g_steal_pointer(&pool);
        return true;
}

bool user_namespace_claim(
                Records *records,
                const char *container_id,
                uint32_t size,
                uint32_t *ret_start,
                GError **error) {
        g_autofree char *containers =
                        g_build_filename(records_run_dir(records), "containers", NULL);
        autofd int dir_fd = open(containers, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0)
                return error_set_errno(error, errno, "Cannot open '%s'", containers);
        g_autoptr(GArray) used = g_array_new(FALSE, FALSE, sizeof(Range));
        g_autoptr(GArray) pool = NULL;
        if (!load_pool(&pool, used, error))
                return false;
        int r;
        do
                r = flock(dir_fd, LOCK_EX); /* let go of with the descriptor */
        while (r < 0 && errno == EINTR);
        if (r < 0)
                return error_set_errno(error, errno, "Cannot lock '%s'", containers);
        if (!read_claims(dir_fd, used, error))
                return false;
        read_storage_claims(records, used);
        if (!find_free(pool, used, size, ret_start))
                return error_set_invalid(
                                error,
                                "Cannot find %u free ids for a user namespace: give the user "
                                "\"%s\" "
                                "more in /etc/subuid and /etc/subgid",
                                size, AUTO_USER);
        char text[32];
        g_autofree char *link = g_strconcat(container_id, "/" CLAIM_NAME, NULL);
        snprintf(text, sizeof text, "%u-%u", *ret_start, size);
        if (symlinkat(text, dir_fd, link) < 0)
                return error_set_errno(error, errno, "Cannot note the id range '%s'", text);
        return true;
}

char *user_namespace_claim_name(const UserNamespace *ns) {
        return g_strdup_printf("%u-%u", ns->claim_start, ns->claim_size);
}

static void move_range(GArray *map, const Range *from, uint32_t to) {
        for (guint i = 0; i < map->len; i++) {
                OciIdMapping *m = &g_array_index(map, OciIdMapping, i);
                if (m->host >= from->start && m->host - from->start < from->size)
                        m->host = to + (m->host - from->start);
        }
}

bool user_namespace_renew(
                Records *records, const char *container_id, OciSpec *spec, GError **error) {
        const char *name = g_hash_table_lookup(spec->annotations, SPEC_ANNOTATION_IDS);
        Range range;
        if (!name || sscanf(name, "%u-%u", &range.start, &range.size) != 2)
                return true;
        g_autofree char *link = g_build_filename(
                        records_run_dir(records), "containers", container_id, CLAIM_NAME, NULL);
        Range held;
        if (read_claim(AT_FDCWD, link, &held))
                return true;
        uint32_t start;
        if (!user_namespace_claim(records, container_id, range.size, &start, error))
                return false;
        move_range(spec->uid_mappings, &range, start);
        move_range(spec->gid_mappings, &range, start);
        g_hash_table_insert(
                        spec->annotations, g_strdup(SPEC_ANNOTATION_IDS),
                        g_strdup_printf("%u-%u", start, range.size));
        return true;
}

/* The largest id of a line's numeric columns; nobody is not counted, as containers/storage does. */
static uint32_t largest_id(const char *text, guint first, guint last) {
        uint32_t largest = 0;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                g_auto(GStrv) fields = g_strsplit(*line, ":", -1);
                for (guint i = first; i <= last && i < g_strv_length(fields); i++) {
                        uint64_t id;
                        if (text_parse_uint64(fields[i], AUTO_SIZE_MAX - 2, &id) && id != NOBODY)
                                largest = MAX(largest, (uint32_t) id);
                }
        }
        return largest;
}

/* The file as the stacked layers show it: of the topmost layer that has it. */
static char *read_account_file(const UserNamespaceRequest *request, const char *path) {
        const char *one[] = { request->rootfs, NULL };
        const char *const *layers = request->layers ? request->layers : one;
        for (; *layers; layers++) {
                autofd int layer_fd = open(*layers, O_PATH | O_DIRECTORY | O_CLOEXEC);
                autofd int fd = layer_fd < 0 ? layer_fd
                                             : sys_open_in_root(
                                                               layer_fd, path,
                                                               O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
                struct stat st;
                if (fd < 0 || fstat(fd, &st) < 0)
                        continue;
                g_autoptr(GBytes) bytes = NULL;
                if (!S_ISREG(st.st_mode) || !file_read_fd(fd, path, ACCOUNT_FILE_MAX, &bytes, NULL))
                        return NULL; /* a whiteout, or nothing to count on */
                gsize size;
                const char *text = g_bytes_get_data(bytes, &size);
                return g_strndup(text, size);
        }
        return NULL;
}

bool user_namespace_image_size(
                const UserNamespaceRequest *request, uint32_t *ret_size, GError **error) {
        g_autofree char *passwd = read_account_file(request, "etc/passwd");
        g_autofree char *group = read_account_file(request, "etc/group");
        uint32_t largest = 0;
        if (passwd)
                largest = largest_id(passwd, 2, 3);
        if (group)
                largest = MAX(largest, largest_id(group, 2, 2));
        if (request->options->user) {
                g_autofree char *line = g_strconcat(request->options->user, ":", NULL);
                largest = MAX(largest, largest_id(line, 0, 1));
        }
        *ret_size = MAX(largest + 1, AUTO_SIZE_MIN);
        return true;
}

bool user_namespace_of_unit(uid_t *ret_uid, gid_t *ret_gid) {
        uint64_t pid;
        const char *text = getenv("SYSTEMD_EXEC_PID");
        if (!user_is_root() || !text || !text_parse_uint64(text, INT32_MAX, &pid) ||
            (pid_t) pid != getpid())
                return false;
        const char *mount = cgroup_mount_path();
        g_autofree char *own = mount ? cgroup_of(0, NULL) : NULL;
        g_autofree char *path = own ? g_strconcat(mount, own, NULL) : NULL;
        struct stat st;
        if (!path || stat(path, &st) < 0 || st.st_uid == 0)
                return false;
        *ret_uid = st.st_uid;
        *ret_gid = st.st_gid;
        return true;
}
