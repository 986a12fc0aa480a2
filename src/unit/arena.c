/* SPDX-License-Identifier: Apache-2.0 */
/* A bump allocator. A run over a thousand unit files makes some hundred thousand small strings, and
 * malloc was a third of its time. */
#include "unit/arena.h"

#include <stdalign.h>
#include <string.h>

#define BLOCK_SIZE 4064 /* with malloc's own header a page */

typedef struct Block {
        struct Block *next;
        size_t used;
        size_t size;
        alignas(max_align_t) char bytes[];
} Block;

struct Arena {
        unsigned int refs;
        Block *blocks; /* the first is the one being filled */
};

static Block *block_new(size_t size) {
        Block *block = g_malloc(sizeof(Block) + size);
        block->next = NULL;
        block->used = 0;
        block->size = size;
        return block;
}

Arena *arena_new(void) {
        Arena *arena = g_new0(Arena, 1);
        arena->refs = 1;
        return arena;
}

Arena *arena_ref(Arena *arena) {
        arena->refs++;
        return arena;
}

void arena_unref(Arena *arena) {
        if (!arena || --arena->refs > 0)
                return;
        for (Block *block = arena->blocks; block;) {
                Block *next = block->next;
                g_free(block);
                block = next;
        }
        g_free(arena);
}

static void *take(Arena *arena, size_t size, size_t alignment) {
        Block *block = arena->blocks;
        size_t from = block ? (block->used + alignment - 1) & ~(alignment - 1) : 0;
        if (!block || from + size > block->size) {
                block = block_new(MAX(size, BLOCK_SIZE));
                block->next = arena->blocks;
                arena->blocks = block;
                from = 0;
        }
        block->used = from + size;
        return block->bytes + from;
}

void *arena_alloc(Arena *arena, size_t size) {
        return memset(take(arena, size, alignof(max_align_t)), 0, size);
}

char *arena_strndup(Arena *arena, const char *text, size_t size) {
        char *copy = take(arena, size + 1, 1);
        memcpy(copy, text, size);
        copy[size] = '\0';
        return copy;
}
