/* SPDX-License-Identifier: Apache-2.0 */
/* podman-run(1) --memory and its family -> systemd.resource-control(5). */
#include "generator/argument-limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/weight.h"
#include "generator/service.h"

/* What the flags say together; 0 and NULL: not given. */
typedef struct Limits {
        uint64_t memory, memory_and_swap;
        bool swap_unlimited;
} Limits;

static char *number(uint64_t value) {
        return g_strdup_printf("%" PRIu64, value);
}

static char *bytes(const char *text, Limits *limits) {
        uint64_t value;
        return !text_parse_size(text, &value) ? NULL
               : value == 0                   ? g_strdup("infinity")
                                              : number(value);
}

static char *memory(const char *text, Limits *limits) {
        return text_parse_size(text, &limits->memory) ? bytes(text, limits) : NULL;
}

/* Memory and swap together there, swap alone here: it is set when both are known. */
static char *swap(const char *text, Limits *limits) {
        limits->swap_unlimited = strcmp(text, "-1") == 0;
        if (!limits->swap_unlimited)
                (void) text_parse_size(text, &limits->memory_and_swap); /* the launcher tells */
        return NULL;
}

static char *tasks(const char *text, Limits *limits) {
        uint64_t count;
        if (strcmp(text, "-1") == 0 || strcmp(text, "0") == 0)
                return g_strdup("infinity");
        return text_parse_uint64(text, G_MAXINT32, &count) ? number(MAX(count, TASKS_MIN)) : NULL;
}

static char *processors(const char *text, Limits *limits) {
        char *end;
        double count = g_ascii_strtod(text, &end);
        return *end || end == text || count <= 0 || count > 100000
                               ? NULL
                               : g_strdup_printf("%.0f%%", MAX(count * 100, 1));
}

static char *shares(const char *text, Limits *limits) {
        uint64_t value;
        return text_parse_uint64(text, UINT32_MAX, &value) && value > 0
                               ? number(weight_of_cpu_shares(value))
                               : NULL;
}

static char *io_weight(const char *text, Limits *limits) {
        uint64_t value;
        return text_parse_uint64(text, UINT32_MAX, &value) && value > 0
                               ? number(weight_of_blkio(value))
                               : NULL;
}

static char *list(const char *text, Limits *limits) {
        return strspn(text, "0123456789,-") == strlen(text) ? g_strdup(text) : NULL;
}

static const struct {
        const char *flag, *letter;
        const char *property;
        char *(*value)(const char *text, Limits *limits); /* NULL: nothing to set */
} rows[] = {
        { "--memory", "-m", "MemoryMax", memory },
        { "--memory-reservation", NULL, "MemoryLow", bytes },
        { "--memory-swap", NULL, NULL, swap },
        { "--pids-limit", NULL, "TasksMax", tasks },
        { "--cpus", NULL, "CPUQuota", processors },
        { "--cpu-shares", "-c", "CPUWeight", shares },
        { "--cpuset-cpus", NULL, "AllowedCPUs", list },
        { "--cpuset-mems", NULL, "AllowedMemoryNodes", list },
        { "--blkio-weight", NULL, "IOWeight", io_weight },
};

/* The value of "--flag=value", or of "--flag value" when next is that; NULL: another flag. */
static const char *value_of(size_t row, const char *word, const char *next) {
        size_t n = strlen(rows[row].flag);
        if (strncmp(word, rows[row].flag, n) == 0 && word[n] == '=')
                return word + n + 1;
        if (strcmp(word, rows[row].flag) == 0 || g_strcmp0(word, rows[row].letter) == 0)
                return next;
        return rows[row].letter && strncmp(word, rows[row].letter, 2) == 0 && word[2] ? word + 2
                                                                                      : NULL;
}

static void take(Quadlet *q, const char *word, const char *next, Limits *limits) {
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                const char *text = value_of(i, word, next);
                if (!text || strchr(text, '%'))
                        continue;
                g_autofree char *value = rows[i].value(text, limits);
                if (value)
                        service_default(q, "Service", rows[i].property, value);
        }
}

void limit_arguments(Quadlet *q) {
        if (!quadlet_has(q, "PodmanArgs"))
                return;
        Limits limits = { 0 };
        g_autoptr(GPtrArray) words = quadlet_values(q, "PodmanArgs");
        for (guint i = 0; i < words->len; i++)
                take(q, quadlet_value_text(words, i),
                     i + 1 < words->len ? quadlet_value_text(words, i + 1) : NULL, &limits);
        if (limits.memory == 0 || limits.swap_unlimited)
                return;
        /* podman-run(1): as much swap as memory, unless --memory-swap says otherwise */
        uint64_t both = limits.memory_and_swap > 0 ? limits.memory_and_swap : 2 * limits.memory;
        g_autofree char *swap_max = number(both > limits.memory ? both - limits.memory : 0);
        service_default(q, "Service", "MemorySwapMax", swap_max);
}
