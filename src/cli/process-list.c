/* SPDX-License-Identifier: Apache-2.0 */
/* proc(5): which processes are a container's, and what is known of them. A process that ends while
 * we read is left out. */
#include "cli/process-list.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "cli/id-inside.h"
#include "runtime/idmap.h"
#include "systemd/cgroup.h"

#define PROCESS_FILE_MAX (1u << 20) /* a command line */
#define STAT_FIELDS_MAX  64

static void process_entry_free(ProcessEntry *entry) {
        if (!entry)
                return;
        g_free(entry->name);
        g_free(entry->arguments);
        g_free(entry);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ProcessEntry, process_entry_free)

static ino_t pid_namespace(int proc_fd, const char *pid) {
        g_autofree char *path = g_strconcat(pid, "/ns/pid", NULL);
        struct stat st;
        return fstatat(proc_fd, path, &st, 0) == 0 ? st.st_ino : 0;
}

/* The payload's cgroup and, beside it, those of exec. */
static bool is_in_cgroup(const char *pid, const char *cgroup) {
        g_autofree char *own = cgroup ? cgroup_of((pid_t) atoi(pid), NULL) : NULL;
        if (!own)
                return false;
        g_autofree char *parent = g_path_get_dirname(cgroup);
        g_autofree char *exec = g_build_filename(parent, "exec-", NULL);
        size_t size = strlen(cgroup);
        return (g_str_has_prefix(own, cgroup) && (own[size] == '\0' || own[size] == '/')) ||
               g_str_has_prefix(own, exec);
}

static bool read_stat(int dir_fd, ProcessEntry *entry) {
        g_autofree char *text = NULL;
        if (!file_read_text(dir_fd, "stat", 4096, &text, NULL))
                return false;
        char *open = strchr(text, '('), *close = strrchr(text, ')'); /* a name may have both */
        if (!open || !close || close < open || close[1] != ' ')
                return false;
        entry->name = g_strndup(open + 1, (gsize) (close - open - 1));
        g_auto(GStrv) fields = g_strsplit(close + 2, " ", STAT_FIELDS_MAX);
        if (g_strv_length(fields) < 22)
                return false;
        uint64_t ticks = (uint64_t) sysconf(_SC_CLK_TCK);
        entry->state = fields[0][0]; /* field 3 of proc(5) is our 0 */
        entry->host_parent = (pid_t) atoi(fields[1]);
        entry->terminal = (unsigned int) g_ascii_strtoull(fields[4], NULL, 10);
        entry->cpu_usec = (g_ascii_strtoull(fields[11], NULL, 10) +
                           g_ascii_strtoull(fields[12], NULL, 10)) *
                          G_USEC_PER_SEC / ticks;
        entry->nice = g_ascii_strtoll(fields[16], NULL, 10);
        entry->start_usec = g_ascii_strtoull(fields[19], NULL, 10) * G_USEC_PER_SEC / ticks;
        entry->size_bytes = g_ascii_strtoull(fields[20], NULL, 10);
        entry->resident_bytes =
                        g_ascii_strtoull(fields[21], NULL, 10) * (uint64_t) sysconf(_SC_PAGESIZE);
        return true;
}

/* "NSpid:\t4242\t17\t1": of each namespace from ours inwards; depth tells which is meant. */
static pid_t inner_id(const char *status, const char *key, guint depth) {
        const char *line = strstr(status, key);
        if (!line)
                return 0;
        g_autofree char *text = g_strndup(line + strlen(key), strcspn(line + strlen(key), "\n"));
        g_auto(GStrv) ids = g_strsplit(g_strstrip(text), "\t", -1);
        guint n = g_strv_length(ids);
        return n > depth ? (pid_t) atoi(ids[depth]) : 0;
}

static bool read_status(int dir_fd, guint depth, ProcessEntry *entry) {
        g_autofree char *text = NULL;
        if (!file_read_text(dir_fd, "status", 65536, &text, NULL))
                return false;
        const char *uid = strstr(text, "\nUid:"), *gid = strstr(text, "\nGid:");
        if (!uid || !gid ||
            sscanf(uid, "\nUid:\t%u\t%u", &entry->host_real_uid, &entry->host_uid) != 2 ||
            sscanf(gid, "\nGid:\t%u\t%u", &entry->host_real_gid, &entry->host_gid) != 2)
                return false;
        entry->pid = inner_id(text, "\nNSpid:", depth);
        entry->group = inner_id(text, "\nNSpgid:", depth);
        return true;
}

static void read_arguments(int dir_fd, ProcessEntry *entry) {
        g_autoptr(GBytes) bytes = NULL;
        gsize size = 0;
        const char *text = file_read(dir_fd, "cmdline", PROCESS_FILE_MAX, &bytes, NULL)
                                           ? g_bytes_get_data(bytes, &size)
                                           : NULL;
        if (!text || size == 0) {
                entry->arguments = g_strdup_printf("[%s]", entry->name);
                return;
        }
        g_autoptr(GString) joined =
                        g_string_new_len(text, (gssize) size - (text[size - 1] == '\0'));
        for (gsize i = 0; i < joined->len; i++)
                if (g_ascii_iscntrl(joined->str[i])) /* also what a terminal would obey */
                        joined->str[i] = ' ';
        entry->arguments = g_string_free(g_steal_pointer(&joined), FALSE);
}

static ProcessEntry *read_process(int proc_fd, const char *pid, guint depth) {
        autofd int fd = openat(proc_fd, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_autoptr(ProcessEntry) entry = g_new0(ProcessEntry, 1);
        entry->host_pid = (pid_t) atoi(pid);
        if (fd < 0 || !read_stat(fd, entry) || !read_status(fd, depth, entry))
                return NULL;
        read_arguments(fd, entry);
        g_autoptr(GArray) uids = NULL;
        g_autoptr(GArray) gids = NULL;
        g_autofree char *uid_path = g_strdup_printf("/proc/%s/uid_map", pid);
        g_autofree char *gid_path = g_strdup_printf("/proc/%s/gid_map", pid);
        (void) id_map_read(uid_path, &uids, NULL); /* gone: the host's ids are shown */
        (void) id_map_read(gid_path, &gids, NULL);
        entry->uid = id_inside(uids, entry->host_uid);
        entry->gid = id_inside(gids, entry->host_gid);
        entry->real_uid = id_inside(uids, entry->host_real_uid);
        entry->real_gid = id_inside(gids, entry->host_real_gid);
        return g_steal_pointer(&entry);
}

static gint by_pid(gconstpointer a, gconstpointer b) {
        const ProcessEntry *const *one = a, *const *two = b;
        return ((*one)->pid > (*two)->pid) - ((*one)->pid < (*two)->pid);
}

/* How many pid namespaces the container's is below ours. */
static guint namespace_depth(pid_t pid) {
        g_autofree char *path = g_strdup_printf("/proc/%d/status", (int) pid);
        g_autofree char *text = NULL;
        if (!file_read_text(AT_FDCWD, path, 65536, &text, NULL))
                return 0;
        guint depth = 0;
        while (inner_id(text, "\nNSpid:", depth + 1) > 0)
                depth++;
        return depth;
}

static void find_parents(GPtrArray *list) {
        for (guint i = 0; i < list->len; i++) {
                ProcessEntry *entry = list->pdata[i];
                for (guint p = 0; p < list->len; p++) {
                        const ProcessEntry *other = list->pdata[p];
                        if (other->host_pid == entry->host_parent)
                                entry->parent = other->pid;
                }
        }
}

GPtrArray *process_list(const ContainerRecord *record, GError **error) {
        autofd int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = opendir("/proc");
        if (proc_fd < 0 || !dir) {
                if (dir)
                        closedir(dir);
                error_set_invalid(error, "Cannot read /proc");
                return NULL;
        }
        g_autofree char *first = g_strdup_printf("%d", (int) record->pid);
        ino_t theirs = pid_namespace(proc_fd, first);
        bool is_own = theirs != 0 && theirs != pid_namespace(proc_fd, "self");
        guint depth = namespace_depth(record->pid);
        g_autoptr(GPtrArray) list =
                        g_ptr_array_new_with_free_func((GDestroyNotify) process_entry_free);
        for (struct dirent *d; (d = readdir(dir));) {
                if (!g_ascii_isdigit(d->d_name[0]))
                        continue;
                if (!(is_own && pid_namespace(proc_fd, d->d_name) == theirs) &&
                    !is_in_cgroup(d->d_name, record->cgroup) && strcmp(d->d_name, first) != 0)
                        continue;
                ProcessEntry *entry = read_process(proc_fd, d->d_name, depth);
                if (entry)
                        g_ptr_array_add(list, entry);
        }
        closedir(dir);
        g_ptr_array_sort(list, by_pid);
        find_parents(list);
        return g_steal_pointer(&list);
}
