/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stddef.h>

/* Memory that is given back all at once: the lines of a unit file, its copies share them. Not for
 * two threads at the same time. */
typedef struct Arena Arena;

Arena *arena_new(void);
Arena *arena_ref(Arena *arena);
void arena_unref(Arena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Arena, arena_unref)

/* Zeroed, aligned for any type. */
void *arena_alloc(Arena *arena, size_t size);
char *arena_strndup(Arena *arena, const char *text, size_t size);
