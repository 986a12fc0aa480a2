/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup-v2.rst, proc(5) -> the numbers of `stats`, written as Podman does. */
#include "cli/container-stats.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/cgroup-values.h"
#include "cli/go-duration.h"
#include "runtime/cgroup-manager.h"

#define NONE "--"

void container_stats_free(ContainerStats *stats) {
        if (!stats)
                return;
        g_free(stats->id);
        g_free(stats->name);
        g_free(stats);
}

/* The unit's cgroup has exec'd commands too, and controllers that stop there. */
static char *accounted_cgroup(const char *payload) {
        g_autofree char *parent = g_path_get_dirname(payload);
        return g_strdup(g_str_has_suffix(parent, ".service") || g_str_has_suffix(parent, ".scope")
                                        ? parent
                                        : payload);
}

static uint64_t host_memory(void) {
        return (uint64_t) sysconf(_SC_PHYS_PAGES) * (uint64_t) sysconf(_SC_PAGESIZE);
}

/* What the kernel could drop at once does not count, as in Podman. */
static void read_memory(ContainerStats *stats, const char *cgroup) {
        g_autofree char *text = cgroup_read(cgroup, "memory.stat");
        uint64_t limit = UINT64_MAX;
        stats->has_memory = cgroup_number(cgroup, "memory.current", &stats->memory_bytes);
        (void) cgroup_number(cgroup, "memory.max", &limit); /* none: the host's memory */
        stats->memory_limit = MIN(limit, host_memory());
        stats->memory_bytes -= MIN(stats->memory_bytes, cgroup_keyed(text, "inactive_file"));
}

/* "8:0 rbytes=1 wbytes=2 …" for each device */
static void read_block(ContainerStats *stats, const char *cgroup) {
        g_autofree char *text = cgroup_read(cgroup, "io.stat");
        stats->has_block = text != NULL;
        g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \n", -1);
        for (char **word = words; *word; word++)
                if (g_str_has_prefix(*word, "rbytes="))
                        stats->read_bytes += g_ascii_strtoull(*word + 7, NULL, 10);
                else if (g_str_has_prefix(*word, "wbytes="))
                        stats->written_bytes += g_ascii_strtoull(*word + 7, NULL, 10);
}

static bool has_own_network(pid_t pid) {
        g_autofree char *path = g_strdup_printf("/proc/%d/ns/net", (int) pid);
        struct stat theirs, ours;
        return stat(path, &theirs) == 0 && stat("/proc/self/ns/net", &ours) == 0 &&
               theirs.st_ino != ours.st_ino;
}

/* "eth0: RECEIVED packets … SENT …", proc(5): the 1st and the 9th number */
static void read_network(ContainerStats *stats, pid_t pid) {
        g_autofree char *path = g_strdup_printf("/proc/%d/net/dev", (int) pid);
        g_autofree char *text = NULL;
        if (!has_own_network(pid) || !file_read_text(AT_FDCWD, path, 1 << 20, &text, NULL))
                return;
        stats->has_network = true;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                char *colon = strchr(*line, ':');
                unsigned long long received, sent;
                if (!colon || g_str_has_prefix(g_strchug(*line), "lo:"))
                        continue;
                colon = strchr(*line, ':');
                if (sscanf(colon + 1, "%llu %*u %*u %*u %*u %*u %*u %*u %llu", &received, &sent) !=
                    2)
                        continue;
                stats->received_bytes += received;
                stats->sent_bytes += sent;
        }
}

ContainerStats *container_stats_read(const ContainerRecord *record) {
        ContainerStats *stats = g_new0(ContainerStats, 1);
        stats->id = g_strdup(record->id);
        stats->name = g_strdup(record->name);
        stats->now_nsec = (uint64_t) g_get_real_time() * 1000;
        stats->started_nsec = (uint64_t) record->started_nsec;
        stats->runs = record_status(record) == CONTAINER_RUNNING;
        if (!stats->runs)
                return stats;
        read_network(stats, record->pid);
        if (!record->cgroup)
                return stats;
        g_autofree char *cgroup = accounted_cgroup(record->cgroup);
        g_autofree char *cpu = cgroup_read(cgroup, "cpu.stat");
        stats->cpu_nsec = cgroup_keyed(cpu, "usage_usec") * 1000;
        stats->has_pids = cgroup_number(cgroup, "pids.current", &stats->pids);
        read_memory(stats, cgroup);
        read_block(stats, cgroup);
        return stats;
}

/* Four significant digits in powers of base, without a blank: "25.28GB", "1.5MiB". */
static char *size_text(uint64_t bytes, double base, const char *const *units) {
        double number = (double) bytes;
        size_t unit = 0;
        for (; number >= base && units[unit + 1]; unit++)
                number /= base;
        return g_strdup_printf("%.4g%s", number, units[unit]);
}

static char *pair_text(uint64_t a, uint64_t b, bool is_there, double base) {
        static const char *const decimal[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB", NULL };
        static const char *const binary[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", NULL };
        if (!is_there)
                return g_strdup(NONE " / " NONE);
        const char *const *units = base > 1000 ? binary : decimal;
        g_autofree char *one = size_text(a, base, units);
        g_autofree char *two = size_text(b, base, units);
        return g_strdup_printf("%s / %s", one, two);
}

static double share(uint64_t part, uint64_t whole) {
        return whole > 0 ? 100.0 * (double) part / (double) whole : 0.0;
}

static void take_text(JsonObject *fields, const char *name, char *text) {
        json_object_set_string_member(fields, name, text);
        g_free(text);
}

JsonObject *
container_stats_fields(const ContainerStats *s, const ContainerStats *before, bool full_id) {
        JsonObject *fields = json_object_new();
        uint64_t age = s->runs && s->now_nsec > s->started_nsec ? s->now_nsec - s->started_nsec : 0;
        double average = share(s->cpu_nsec, age);
        double now = before && s->cpu_nsec >= before->cpu_nsec && s->now_nsec > before->now_nsec
                                     ? share(s->cpu_nsec - before->cpu_nsec,
                                             s->now_nsec - before->now_nsec)
                                     : average;
        bool memory = s->has_memory || !s->runs, pids = s->has_pids || !s->runs;
        take_text(fields, "ID", g_strndup(s->id, full_id ? 64 : 12));
        json_object_set_string_member(fields, "ContainerID", s->id);
        json_object_set_string_member(fields, "Name", s->name);
        json_object_set_double_member(fields, "CPU", now);
        take_text(fields, "CPUPerc", g_strdup_printf("%.2f%%", now));
        take_text(fields, "AVGCPU", g_strdup_printf("%.2f%%", average));
        take_text(fields, "UpTime", go_duration(s->cpu_nsec));
        json_object_set_int_member(fields, "Duration", (gint64) s->cpu_nsec);
        take_text(fields, "MemUsage", pair_text(s->memory_bytes, s->memory_limit, memory, 1000));
        take_text(fields, "MemUsageBytes",
                  pair_text(s->memory_bytes, s->memory_limit, memory, 1024));
        take_text(fields, "MemPerc",
                  memory ? g_strdup_printf("%.2f%%", share(s->memory_bytes, s->memory_limit))
                         : g_strdup(NONE));
        take_text(fields, "NetIO",
                  pair_text(s->received_bytes, s->sent_bytes, s->has_network || !s->runs, 1000));
        take_text(fields, "BlockIO",
                  pair_text(s->read_bytes, s->written_bytes, s->has_block || !s->runs, 1000));
        g_autofree char *count =
                        pids ? g_strdup_printf("%" G_GUINT64_FORMAT, s->pids) : g_strdup(NONE);
        json_object_set_string_member(fields, "PIDs", count);
        json_object_set_string_member(fields, "PIDS", count);
        return fields;
}

JsonObject *container_stats_json(JsonObject *fields) {
        static const struct {
                const char *name, *field;
        } rows[] = {
                { "id", "ID" },
                { "name", "Name" },
                { "cpu_time", "UpTime" },
                { "cpu_percent", "CPUPerc" },
                { "avg_cpu", "AVGCPU" },
                { "mem_usage", "MemUsage" },
                { "mem_percent", "MemPerc" },
                { "net_io", "NetIO" },
                { "block_io", "BlockIO" },
                { "pids", "PIDs" },
        };
        JsonObject *json = json_object_new();
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                json_object_set_string_member(
                                json, rows[i].name,
                                json_object_get_string_member(fields, rows[i].field));
        return json;
}
