/* SPDX-License-Identifier: Apache-2.0 */
/* Container records as files. */
#include "runtime/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "runtime/record-json.h"

#define RECORD_SIZE_MAX       (1u << 20)
#define CLAIM_TRIES           8
#define ABANDONED_SEC         60 /* no launcher takes that long from its directory to its record */
#define UNFINISHED_TRIES      100
#define UNFINISHED_PAUSE_USEC 20000

struct Records {
        char *run_dir;
        char *data_dir;
        int run_fd;
};

GQuark runtime_error_quark(void) {
        return g_quark_from_static_string("berth-runtime");
}

static bool restore_after_boot(Records *records, GError **error);

Records *records_open(const char *run_dir, const char *data_dir, GError **error) {
        g_autoptr(Records) records = g_new0(Records, 1);
        records->run_dir = g_strdup(run_dir);
        records->data_dir = g_strdup(data_dir);
        records->run_fd = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (records->run_fd < 0) {
                if (!file_make_directories(AT_FDCWD, run_dir, 0755, error))
                        return NULL;
                records->run_fd = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (records->run_fd < 0) {
                        error_set_errno(error, errno, "Cannot open '%s'", run_dir);
                        return NULL;
                }
        }
        if (faccessat(records->run_fd, "restored", F_OK, 0) == 0)
                return g_steal_pointer(&records);
        if (!file_make_directories(records->run_fd, "containers", 0700, error) ||
            !file_make_directories(records->run_fd, "names", 0700, error) ||
            !file_make_directories(records->run_fd, "cache", 0700, error) ||
            !file_make_directories(records->run_fd, "rootfs", 0700, error))
                return NULL;
        if (!restore_after_boot(records, error))
                return NULL;
        return g_steal_pointer(&records);
}

void records_free(Records *records) {
        if (!records)
                return;
        fd_close(&records->run_fd);
        g_free(records->run_dir);
        g_free(records->data_dir);
        g_free(records);
}

const char *records_run_dir(const Records *records) {
        return records->run_dir;
}

const char *records_data_dir(const Records *records) {
        return records->data_dir;
}

char *record_run_path(const Records *records, const ContainerRecord *record) {
        return g_build_filename(records->run_dir, "containers", record->id, NULL);
}

char *record_transient_unit(const ContainerRecord *record) {
        return g_strdup_printf("berth-%s.service", record->name);
}

char *record_data_path(const Records *records, const ContainerRecord *record) {
        return g_build_filename(
                        records->data_dir, record->remove ? "volatile" : "containers", record->id,
                        NULL);
}

static ContainerRecord *load(int dir_fd, const char *id, GError **error) {
        g_autofree char *path = g_strconcat(id, "/record.json", NULL);
        g_autoptr(GBytes) bytes = NULL;
        if (!file_read(dir_fd, path, RECORD_SIZE_MAX, &bytes, error))
                return NULL;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        g_autoptr(ContainerRecord) record = record_parse(text, size, error);
        if (record && strcmp(record->id, id) != 0) {
                error_set_invalid(error, "'%s' is the record of another container", path);
                return NULL;
        }
        return g_steal_pointer(&record);
}

/* The link's text is the id; NULL when nobody has the name. */
static char *name_holder(Records *records, const char *name) {
        g_autofree char *link = g_strconcat("names/", name, NULL);
        char id[65];
        ssize_t n = readlinkat(records->run_fd, link, id, sizeof id);
        if (n != 64)
                return NULL;
        id[64] = '\0';
        return hex_id_is_valid(id) ? g_strdup(id) : NULL;
}

static int open_containers(Records *records) {
        return openat(records->run_fd, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Takes the name for id; a claim whose container is gone is void. */
static bool claim_name(Records *records, const char *name, const char *id, GError **error) {
        g_autofree char *link = g_strconcat("names/", name, NULL);
        for (int i = 0; i < CLAIM_TRIES; i++) {
                if (symlinkat(id, records->run_fd, link) == 0)
                        return true;
                if (errno != EEXIST)
                        return error_set_errno(error, errno, "Cannot claim the name '%s'", name);
                g_autofree char *holder = name_holder(records, name);
                g_autofree char *holder_dir =
                                holder ? g_strconcat("containers/", holder, NULL) : NULL;
                if (holder_dir && faccessat(records->run_fd, holder_dir, F_OK, 0) == 0)
                        return error_set(
                                        error, RUNTIME_ERROR, RUNTIME_ERROR_NAME_IN_USE,
                                        "creating container storage: the container name \"%s\" is "
                                        "already in use by %s. You have to remove that container "
                                        "to be able to reuse that name: that name is already in "
                                        "use, or use --replace",
                                        name, holder);
                (void) unlinkat(records->run_fd, link, 0);
        }
        return error_set_errno(error, EBUSY, "Cannot claim the name '%s'", name);
}

bool record_claim(Records *records, const ContainerRecord *record, GError **error) {
        g_autofree char *run_path = record_run_path(records, record);
        g_autofree char *data_path = record_data_path(records, record);
        if (mkdir(run_path, 0700) < 0)
                return error_set_errno(error, errno, "Cannot create '%s'", run_path);
        if (!file_make_directories(AT_FDCWD, data_path, 0700, error))
                return false;
        if (claim_name(records, record->name, record->id, error))
                return true;
        (void) rmdir(run_path); /* ours, empty */
        (void) rmdir(data_path);
        return false;
}

/* Between the two claims the container has both names: never none. */
bool record_rename(Records *records, ContainerRecord *record, const char *name, GError **error) {
        if (!claim_name(records, name, record->id, error))
                return false;
        g_autofree char *before = record->name;
        record->name = g_strdup(name);
        if (!record_save(records, record, error))
                return false;
        g_autofree char *link = g_strconcat("names/", before, NULL);
        (void) unlinkat(records->run_fd, link, 0); /* a claim without container is void anyway */
        return true;
}

static bool remove_places(Records *records, const char *id, GError **error) {
        static const char *const places[] = { "volatile", "containers" };
        g_autofree char *run_path = g_strconcat("containers/", id, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
                g_autofree char *data = g_build_filename(records->data_dir, places[i], id, NULL);
                if (!file_remove_tree(AT_FDCWD, data, error))
                        return false;
        }
        return file_remove_tree(records->run_fd, run_path, error);
}

bool record_forget_unfinished(Records *records, const char *name, GError **error) {
        g_autofree char *id = name_holder(records, name);
        if (!id)
                return true;
        g_autofree char *run_path = g_strconcat("containers/", id, NULL);
        g_autofree char *file = g_strconcat(run_path, "/record.json", NULL);
        for (int i = 0; i < UNFINISHED_TRIES; i++) {
                if (faccessat(records->run_fd, file, F_OK, 0) == 0 ||
                    faccessat(records->run_fd, run_path, F_OK, 0) < 0)
                        return true; /* finished, or gone */
                g_usleep(UNFINISHED_PAUSE_USEC);
        }
        return remove_places(records, id, error);
}

bool record_forget_abandoned(Records *records, GError **error) {
        int dir_fd = open_containers(records);
        DIR *dir = dir_fd >= 0 ? fdopendir(dir_fd) : NULL;
        time_t old = time(NULL) - ABANDONED_SEC;
        bool ok = true;
        for (struct dirent *e; dir && ok && (e = readdir(dir));) {
                g_autofree char *file = g_strconcat(e->d_name, "/record.json", NULL);
                struct stat st;
                if (hex_id_is_valid(e->d_name) && faccessat(dir_fd, file, F_OK, 0) < 0 &&
                    fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime < old)
                        ok = remove_places(records, e->d_name, error);
        }
        if (dir)
                closedir(dir);
        return ok;
}

bool record_save(Records *records, const ContainerRecord *record, GError **error) {
        g_autofree char *text = record_format(record);
        g_autofree char *path = g_strconcat("containers/", record->id, "/record.json", NULL);
        if (!file_replace(records->run_fd, path, text, strlen(text), 0600, FILE_VOLATILE, error))
                return false;
        if (record->remove)
                return true;
        g_autofree char *data_path = record_data_path(records, record);
        g_autofree char *file = g_strconcat(data_path, "/record.json", NULL);
        return file_replace(AT_FDCWD, file, text, strlen(text), 0600, FILE_DURABLE, error);
}

bool record_save_spec(
                Records *records,
                const ContainerRecord *record,
                const OciSpec *spec,
                GError **error) {
        g_autofree char *text = oci_spec_format(spec);
        g_autofree char *path = g_strconcat("containers/", record->id, "/config.json", NULL);
        if (!file_replace(records->run_fd, path, text, strlen(text), 0600, FILE_VOLATILE, error))
                return false;
        if (record->remove)
                return true;
        g_autofree char *data_path = record_data_path(records, record);
        g_autofree char *file = g_strconcat(data_path, "/config.json", NULL);
        return file_replace(AT_FDCWD, file, text, strlen(text), 0600, FILE_DURABLE, error);
}

OciSpec *record_load_spec(Records *records, const ContainerRecord *record, GError **error) {
        g_autofree char *path = g_strconcat("containers/", record->id, "/config.json", NULL);
        g_autoptr(GBytes) bytes = NULL;
        if (!file_read(records->run_fd, path, OCI_SPEC_SIZE_MAX, &bytes, error))
                return NULL;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        return oci_spec_parse(text, size, error);
}

static ContainerRecord *find_by_prefix(Records *records, const char *prefix, GError **error) {
        autofd int dir_fd = open_containers(records);
        g_autoptr(ContainerRecord) found = NULL;
        DIR *dir = dir_fd >= 0 ? fdopendir(dir_fd) : NULL;
        if (!dir)
                return NULL;
        (void) fd_steal(&dir_fd); /* closedir() closes it */
        bool ambiguous = false;
        for (struct dirent *e; (e = readdir(dir));) {
                if (!hex_id_is_valid(e->d_name) || !g_str_has_prefix(e->d_name, prefix))
                        continue;
                ContainerRecord *record = load(dirfd(dir), e->d_name, NULL);
                if (!record)
                        continue;
                ambiguous = ambiguous || found;
                g_clear_pointer(&found, record_free);
                found = record;
        }
        closedir(dir);
        if (ambiguous) {
                error_set(error, RUNTIME_ERROR, RUNTIME_ERROR_AMBIGUOUS,
                          "more than one result for container name or ID %s: container already "
                          "exists",
                          prefix);
                return NULL;
        }
        return g_steal_pointer(&found);
}

ContainerRecord *record_find(Records *records, const char *name, GError **error) {
        g_autofree char *id = strchr(name, '/') ? NULL : name_holder(records, name);
        if (!id && hex_id_is_valid(name))
                id = g_strdup(name);
        if (id) {
                autofd int dir_fd = open_containers(records);
                ContainerRecord *record = load(dir_fd, id, NULL);
                if (record)
                        return record;
        }
        GError *inner = NULL;
        bool hex = name[0] && strspn(name, "0123456789abcdef") == strlen(name);
        ContainerRecord *record = hex ? find_by_prefix(records, name, &inner) : NULL;
        if (record)
                return record;
        if (inner)
                g_propagate_error(error, inner);
        else
                error_set(error, RUNTIME_ERROR, RUNTIME_ERROR_NO_CONTAINER,
                          "no container with name or ID \"%s\" found: no such container", name);
        return NULL;
}

static int by_age(gconstpointer a, gconstpointer b) {
        const ContainerRecord *x = *(ContainerRecord *const *) a,
                              *y = *(ContainerRecord *const *) b;
        return x->created_nsec < y->created_nsec ? -1 : x->created_nsec > y->created_nsec;
}

static GPtrArray *list_directory(int dir_fd) {
        GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) record_free);
        DIR *dir = fdopendir(dir_fd);
        if (!dir) {
                fd_close(&dir_fd);
                return list;
        }
        for (struct dirent *e; (e = readdir(dir));) {
                ContainerRecord *record =
                                hex_id_is_valid(e->d_name) ? load(dir_fd, e->d_name, NULL) : NULL;
                if (record)
                        g_ptr_array_add(list, record);
        }
        closedir(dir);
        g_ptr_array_sort(list, by_age);
        return list;
}

GPtrArray *record_list(Records *records, GError **error) {
        int dir_fd = open_containers(records);
        if (dir_fd < 0) {
                error_set_errno(error, errno, "Cannot open '%s/containers'", records->run_dir);
                return NULL;
        }
        return list_directory(dir_fd);
}

bool record_remove(Records *records, const ContainerRecord *record, GError **error) {
        g_autofree char *data_path = record_data_path(records, record);
        if (!file_remove_tree(AT_FDCWD, data_path, error))
                return false;
        g_autofree char *holder = name_holder(records, record->name);
        if (g_strcmp0(holder, record->id) == 0) {
                g_autofree char *link = g_strconcat("names/", record->name, NULL);
                (void) unlinkat(records->run_fd, link,
                                0); /* a claim without container is void anyway */
        }
        g_autofree char *run_path = g_strconcat("containers/", record->id, NULL);
        return file_remove_tree(records->run_fd, run_path, error);
}

/* Brings back the containers that outlive a boot: their files are under DATA, what was in RUN is
 * gone. */
static bool restore_after_boot(Records *records, GError **error) {
        g_autofree char *path = g_build_filename(records->data_dir, "containers", NULL);
        int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_autoptr(GPtrArray) list = dir_fd >= 0 ? list_directory(dir_fd) : NULL;
        for (guint i = 0; list && i < list->len; i++) {
                ContainerRecord *record = list->pdata[i];
                g_autofree char *from = g_build_filename(path, record->id, "config.json", NULL);
                g_autofree char *spec = NULL;
                g_autofree char *run_path = record_run_path(records, record);
                g_autofree char *link = g_strconcat("names/", record->name, NULL);
                g_autofree char *to = g_strconcat("containers/", record->id, "/config.json", NULL);
                if (!file_read_text(AT_FDCWD, from, OCI_SPEC_SIZE_MAX, &spec, NULL))
                        continue; /* cut off while being created: not a container yet */
                if (mkdir(run_path, 0700) < 0 && errno != EEXIST)
                        return error_set_errno(error, errno, "Cannot create '%s'", run_path);
                record->pid = 0;
                record->initialized = false;
                record->mount_count = 0;
                if (!file_replace(records->run_fd, to, spec, strlen(spec), 0600, FILE_VOLATILE,
                                  error) ||
                    !record_save(records, record, error))
                        return false;
                if (symlinkat(record->id, records->run_fd, link) < 0 && errno != EEXIST)
                        return error_set_errno(
                                        error, errno, "Cannot claim the name '%s'", record->name);
        }
        return file_replace(records->run_fd, "restored", "", 0, 0600, FILE_VOLATILE, error);
}
