/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The allocator of a process that ends before it has to give anything back. */

/* For the whole process, once: mallopt(3). */
void heap_prepare(void);

/* Lets the calling thread's heap grow in one step. Without heap_prepare() it does nothing useful,
 * and no harm. */
void heap_reserve(void);
