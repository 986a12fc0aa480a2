/* SPDX-License-Identifier: Apache-2.0 */
/* A run allocates some ten kilobytes a unit file and frees little. glibc's defaults would spend a
 * third of it in locks (one heap for two threads), in heaps that grow page by page, and in page
 * faults. */
#include "generator/heap.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HEAP_STEP      ((size_t) 8 << 20)
#define HUGE_PAGE_SIZE ((uintptr_t) 2 << 20)

void heap_prepare(void) {
        (void) mallopt(M_TOP_PAD, (int) HEAP_STEP);
        (void) mallopt(M_TRIM_THRESHOLD, INT32_MAX); /* what is reserved stays */
        (void) mallopt(M_MMAP_THRESHOLD, 2 * (int) HEAP_STEP);
}

void heap_reserve(void) {
        void *block = malloc(HEAP_STEP);
        uintptr_t from = ((uintptr_t) block + HUGE_PAGE_SIZE - 1) & ~(HUGE_PAGE_SIZE - 1);
        uintptr_t to = ((uintptr_t) block + HEAP_STEP) & ~(HUGE_PAGE_SIZE - 1);
        if (block && to > from) /* a kernel without huge pages says EINVAL, and all is as before */
                (void) madvise((void *) from, to - from, MADV_HUGEPAGE);
        free(block);
}
