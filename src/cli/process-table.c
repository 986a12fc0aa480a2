/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of Podman's, podman-top(1). */
#include "cli/process-table.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/go-duration.h"
#include "cli/process-list.h"
#include "cli/table.h"

#define ACCOUNTS_SIZE_MAX (4u << 20) /* an image's passwd or group */

typedef struct TopContext {
        char *passwd, *group; /* the container's own files, or NULL */
        uint64_t now_usec;    /* since boot */
} TopContext;

/* The first field of the line "name:password:ID:…"; the number when nobody has it. */
static char *account_name(const char *text, uint32_t id) {
        g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
        g_autofree char *number = g_strdup_printf("%u", id);
        for (char **line = lines; *line; line++) {
                g_auto(GStrv) fields = g_strsplit(*line, ":", 4);
                if (g_strv_length(fields) >= 3 && strcmp(fields[2], number) == 0)
                        return g_steal_pointer(&fields[0]);
        }
        return g_steal_pointer(&number);
}

static char *host_user(uid_t uid) {
        const struct passwd *user = getpwuid(uid);
        return user ? g_strdup(user->pw_name) : g_strdup_printf("%u", uid);
}

static char *host_group(gid_t gid) {
        const struct group *group = getgrgid(gid);
        return group ? g_strdup(group->gr_name) : g_strdup_printf("%u", gid);
}

#define COLUMN(name, expression)                                                                   \
        static char *column_##name(const ProcessEntry *p, const TopContext *context) {             \
                return expression;                                                                 \
        }

COLUMN(args, g_strdup(p->arguments))
COLUMN(comm, g_strdup(p->name))
COLUMN(gid, g_strdup_printf("%u", p->gid))
COLUMN(group, account_name(context->group, p->gid))
COLUMN(hgroup, host_group(p->host_gid))
COLUMN(hpid, g_strdup_printf("%d", (int) p->host_pid))
COLUMN(huser, host_user(p->host_uid))
COLUMN(nice, g_strdup_printf("%" G_GINT64_FORMAT, p->nice))
COLUMN(pgid, g_strdup_printf("%d", (int) p->group))
COLUMN(pid, g_strdup_printf("%d", (int) p->pid))
COLUMN(ppid, g_strdup_printf("%d", (int) p->parent))
COLUMN(rgroup, account_name(context->group, p->real_gid))
COLUMN(rss, g_strdup_printf("%" G_GUINT64_FORMAT, p->resident_bytes / 1024))
COLUMN(ruser, account_name(context->passwd, p->real_uid))
COLUMN(state, g_strdup_printf("%c", p->state))
COLUMN(time, go_duration(p->cpu_usec * 1000))
COLUMN(uid, g_strdup_printf("%u", p->uid))
COLUMN(user, account_name(context->passwd, p->uid))
COLUMN(vsz, g_strdup_printf("%" G_GUINT64_FORMAT, p->size_bytes / 1024))

static uint64_t age_usec(const ProcessEntry *p, const TopContext *context) {
        return context->now_usec > p->start_usec ? context->now_usec - p->start_usec : 0;
}

COLUMN(etime, go_duration(age_usec(p, context) * 1000))

static char *column_pcpu(const ProcessEntry *p, const TopContext *context) {
        uint64_t age = age_usec(p, context);
        return g_strdup_printf("%.3f", age ? 100.0 * (double) p->cpu_usec / (double) age : 0.0);
}

static char *column_stime(const ProcessEntry *p, const TopContext *context) {
        int64_t start_usec = g_get_real_time() - (int64_t) age_usec(p, context);
        return text_format_go_time(start_usec / G_USEC_PER_SEC * 1000000000);
}

static char *column_tty(const ProcessEntry *p, const TopContext *context) {
        unsigned int kind = major(p->terminal), number = minor(p->terminal);
        if (kind >= 136 && kind <= 143) /* devices.txt: UNIX98 terminals */
                return g_strdup_printf("pts/%u", (kind - 136) * 256 + number);
        if (kind == 4)
                return g_strdup_printf("tty%u", number);
        return g_strdup("?");
}

typedef struct TopColumn {
        const char *name, *code; /* code: ps(1)'s AIX format, or NULL */
        const char *heading;
        char *(*format)(const ProcessEntry *p, const TopContext *context);
} TopColumn;

static const TopColumn columns[] = {
        { "args", "%a", "COMMAND", column_args },   { "comm", "%c", "COMMAND", column_comm },
        { "etime", "%t", "ELAPSED", column_etime }, { "gid", NULL, "GID", column_gid },
        { "group", "%G", "GROUP", column_group },   { "hgroup", NULL, "HGROUP", column_hgroup },
        { "hpid", NULL, "HPID", column_hpid },      { "huser", NULL, "HUSER", column_huser },
        { "nice", "%n", "NI", column_nice },        { "pcpu", "%C", "%CPU", column_pcpu },
        { "pgid", "%r", "PGID", column_pgid },      { "pid", "%p", "PID", column_pid },
        { "ppid", "%P", "PPID", column_ppid },      { "rgroup", "%g", "RGROUP", column_rgroup },
        { "rss", NULL, "RSS", column_rss },         { "ruser", "%U", "RUSER", column_ruser },
        { "state", NULL, "STATE", column_state },   { "stime", NULL, "STIME", column_stime },
        { "time", "%x", "TIME", column_time },      { "tty", "%y", "TTY", column_tty },
        { "uid", NULL, "UID", column_uid },         { "user", "%u", "USER", column_user },
        { "vsz", "%z", "VSZ", column_vsz },         { NULL },
};

static const TopColumn *find_column(const char *name) {
        for (const TopColumn *c = columns; c->name; c++)
                if (strcmp(c->name, name) == 0 || (c->code && strcmp(c->code, name) == 0))
                        return c;
        return NULL;
}

/* Words may hold several, by commas or blanks; "-eo" is ps(1)'s way to say so. */
GPtrArray *process_columns(char *const *words, GError **error) {
        static char *const defaults[] = {
                (char *) "user,pid,ppid,pcpu,etime,tty,time,args",
                NULL,
        };
        g_autoptr(GPtrArray) chosen = g_ptr_array_new();
        for (char *const *word = words[0] ? words : defaults; *word; word++) {
                g_auto(GStrv) names = g_strsplit_set(*word, ", ", -1);
                for (char **name = names; *name; name++) {
                        if (!**name || strcmp(*name, "-eo") == 0)
                                continue;
                        const TopColumn *column = find_column(*name);
                        if (!column) {
                                error_set_invalid(error, "unknown descriptor '%s'", *name);
                                return NULL;
                        }
                        g_ptr_array_add(chosen, (gpointer) column);
                }
        }
        return g_steal_pointer(&chosen);
}

static char *read_accounts(int root_fd, const char *path) {
        GBytes *bytes = NULL;
        autofd int fd = sys_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
        if (fd < 0 || !file_read_fd(fd, path, ACCOUNTS_SIZE_MAX, &bytes, NULL))
                return NULL; /* then ids are shown */
        g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        g_bytes_unref(bytes);
        return g_steal_pointer(&text);
}

static void
add_rows(Table *table, const ContainerRecord *record, GPtrArray *list, GPtrArray *chosen) {
        struct timespec now;
        clock_gettime(CLOCK_BOOTTIME, &now);
        TopContext context = { .now_usec = (uint64_t) now.tv_sec * G_USEC_PER_SEC +
                                           (uint64_t) now.tv_nsec / 1000 };
        g_autofree char *path = g_strdup_printf("/proc/%d/root", (int) record->pid);
        autofd int root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        context.passwd = root_fd < 0 ? NULL : read_accounts(root_fd, "etc/passwd");
        context.group = root_fd < 0 ? NULL : read_accounts(root_fd, "etc/group");
        for (guint i = 0; i < list->len; i++) {
                char **cells = g_new0(char *, chosen->len + 1);
                for (guint c = 0; c < chosen->len; c++)
                        cells[c] = ((const TopColumn *) chosen->pdata[c])
                                                   ->format(list->pdata[i], &context);
                table_add(table, cells);
        }
        g_free(context.passwd);
        g_free(context.group);
}

bool process_table_print(const GPtrArray *records, GPtrArray *chosen, GError **error) {
        g_autofree const char **headings = g_new0(const char *, chosen->len + 1);
        for (guint c = 0; c < chosen->len; c++)
                headings[c] = ((const TopColumn *) chosen->pdata[c])->heading;
        g_autoptr(Table) table = table_new(headings);
        for (guint i = 0; i < records->len; i++) {
                g_autoptr(GPtrArray) list = process_list(records->pdata[i], error);
                if (!list)
                        return false;
                add_rows(table, records->pdata[i], list, chosen);
        }
        table_print(table, true);
        return true;
}
