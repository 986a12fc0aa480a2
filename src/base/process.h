/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* When a process started, in clock ticks since boot: with its pid it names one process for ever.
 * 0: no such process, or a zombie, which no longer runs. */
uint64_t process_start_ticks(pid_t pid);
