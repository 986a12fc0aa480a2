/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* Weights of version 1 cgroups, which command lines still speak, as those of version 2: [2, 262144]
 * and [10, 1000] onto [1, 10000], as runc and crun did from the start. */

static inline uint64_t weight_clamp(uint64_t value, uint64_t low, uint64_t high) {
        return value < low ? low : value > high ? high : value;
}

static inline uint64_t weight_of_cpu_shares(uint64_t shares) {
        return 1 + (weight_clamp(shares, 2, 262144) - 2) * 9999 / 262142;
}

static inline uint64_t weight_of_blkio(uint64_t weight) {
        return 1 + (weight_clamp(weight, 10, 1000) - 10) * 9999 / 990;
}
