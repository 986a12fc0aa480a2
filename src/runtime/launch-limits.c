/* SPDX-License-Identifier: Apache-2.0 */
/* What the launcher sets on the prepared child from outside: in a user namespace the child itself
 * may not raise limits, and a policy of its own would slow down its set-up. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/cpu-list.h"
#include "runtime/launch.h"

/* struct sched_attr of sched_setattr(2): the kernel's header and older C libraries cannot both be
 * included, and newer C libraries have a name of their own. */
typedef struct SchedulerAttributes {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
} SchedulerAttributes;

static bool set_rlimits(RuntimePlan *plan, pid_t pid, GError **error) {
        const ChildPlan *child = runtime_plan_child(plan);
        for (size_t i = 0; i < child->n_rlimits; i++) {
                const ChildRlimit *l = &child->rlimits[i];
                if (prlimit(pid, (enum __rlimit_resource) l->resource, &l->limit, NULL) == 0)
                        continue;
                const ChildReport report = {
                        .kind = CHILD_REPORT_FAILED,
                        .stage = CHILD_STAGE_RLIMIT,
                        .error = errno,
                        .index = (uint32_t) i,
                };
                return runtime_plan_set_error(plan, &report, error);
        }
        return true;
}

static bool set_oom_score(const char *score, pid_t pid, GError **error) {
        if (!score)
                return true;
        char path[48];
        snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int) pid);
        autofd int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        int r = fd < 0 ? -errno : fd_write_all(fd, score, strlen(score));
        return r >= 0 ||
               error_set_errno(error, r, "Cannot set the OOM score adjustment to %s", score);
}

static bool set_scheduler(const OciScheduler *s, pid_t pid, GError **error) {
        static const struct {
                const char *text;
                unsigned int policy;
        } rows[] = {
                { "SCHED_OTHER", 0 },    { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 },
                { "SCHED_BATCH", 3 },    { "SCHED_ISO", 4 },  { "SCHED_IDLE", 5 },
                { "SCHED_DEADLINE", 6 },
        };
        if (!s->present)
                return true;
        size_t i = 0;
        while (i < G_N_ELEMENTS(rows) && strcmp(rows[i].text, s->policy) != 0)
                i++;
        if (i == G_N_ELEMENTS(rows))
                return error_set_invalid(error, "unknown scheduler policy \"%s\"", s->policy);
        const SchedulerAttributes attributes = {
                .size = sizeof attributes,
                .policy = rows[i].policy,
                .flags = s->flags,
                .nice = s->nice,
                .priority = (uint32_t) s->priority,
                .runtime = s->runtime,
                .deadline = s->deadline,
                .period = s->period,
        };
        return syscall(SYS_sched_setattr, pid, &attributes, 0) == 0 ||
               error_set_errno(error, errno, "Cannot set the scheduler policy %s", s->policy);
}

static bool set_io_priority(const OciSpec *spec, pid_t pid, GError **error) {
        static const struct {
                const char *text;
                int class;
        } rows[] = {
                { "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
                { "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
                { "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
        };
        if (!spec->io_class)
                return true;
        size_t i = 0;
        while (i < G_N_ELEMENTS(rows) && strcmp(rows[i].text, spec->io_class) != 0)
                i++;
        if (i == G_N_ELEMENTS(rows))
                return error_set_invalid(error, "unknown io priority class \"%s\"", spec->io_class);
        int value = IOPRIO_PRIO_VALUE(rows[i].class, spec->io_priority);
        return syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, pid, value) == 0 ||
               error_set_errno(error, errno, "Cannot set the io priority %s:%d", spec->io_class,
                               spec->io_priority);
}

bool launch_set_affinity(pid_t pid, const char *list, GError **error) {
        if (!list || !*list)
                return true;
        cpu_set_t set;
        unsigned long n;
        if (!cpu_list_parse(list, (unsigned long *) (void *) &set, sizeof set, &n, error))
                return false;
        return sched_setaffinity(pid, sizeof set, &set) == 0 ||
               error_set_errno(error, errno, "Cannot run on the processors %s", list);
}

bool launch_set_scheduling(const RuntimePlan *plan, pid_t pid, GError **error) {
        const OciSpec *spec = runtime_plan_spec(plan);
        return set_scheduler(&spec->scheduler, pid, error) && set_io_priority(spec, pid, error) &&
               launch_set_affinity(pid, spec->cpu_affinity_final, error);
}

bool launch_set_limits(RuntimePlan *plan, pid_t pid, GError **error) {
        return set_rlimits(plan, pid, error) &&
               set_oom_score(runtime_plan_child(plan)->oom_score_adj, pid, error) &&
               launch_set_scheduling(plan, pid, error);
}
