/* SPDX-License-Identifier: Apache-2.0 */
/* Words of fstab(5) and of the runtime specification to mount_setattr(2) attributes. */
#include "runtime/mount-options.h"

#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>

#include "base/error.h"

typedef struct OptionWord {
        const char *word;
        uint64_t set;
        uint64_t clear;
} OptionWord;

static const OptionWord words_table[] = {
        { "ro", MOUNT_ATTR_RDONLY, 0 },
        { "rw", 0, MOUNT_ATTR_RDONLY },
        { "nosuid", MOUNT_ATTR_NOSUID, 0 },
        { "suid", 0, MOUNT_ATTR_NOSUID },
        { "nodev", MOUNT_ATTR_NODEV, 0 },
        { "dev", 0, MOUNT_ATTR_NODEV },
        { "noexec", MOUNT_ATTR_NOEXEC, 0 },
        { "exec", 0, MOUNT_ATTR_NOEXEC },
        { "nodiratime", MOUNT_ATTR_NODIRATIME, 0 },
        { "diratime", 0, MOUNT_ATTR_NODIRATIME },
        /* the access-time words are one field: setting one clears the field, mount_setattr(2) */
        { "noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
        { "strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
        { "relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
        { "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0 },
        { "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW },
};

/* Accepted, with nothing left to do: kernel defaults or bookkeeping of mount(8). */
static const char *const ignored[] = { "defaults",      "async", "loud", "norelatime",
                                       "nostrictatime", "atime", NULL };

bool mount_propagation_from_text(const char *text, uint64_t *ret_flag, bool *ret_recursive) {
        static const struct {
                const char *word;
                uint64_t flag;
        } rows[] = {
                { "private", MS_PRIVATE },
                { "slave", MS_SLAVE },
                { "shared", MS_SHARED },
                { "unbindable", MS_UNBINDABLE },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                bool recursive = text[0] == 'r' && strcmp(text + 1, rows[i].word) == 0;
                if (!recursive && strcmp(text, rows[i].word) != 0)
                        continue;
                *ret_flag = rows[i].flag;
                *ret_recursive = recursive;
                return true;
        }
        return false;
}

static bool attribute_word(const char *word, MountOptions *o) {
        for (size_t i = 0; i < G_N_ELEMENTS(words_table); i++) {
                const OptionWord *row = &words_table[i];
                if (strcmp(word, row->word) == 0) {
                        o->attributes_set = (o->attributes_set & ~row->clear) | row->set;
                        o->attributes_clear = (o->attributes_clear & ~row->set) | row->clear;
                        return true;
                }
                if (word[0] == 'r' && strcmp(word + 1, row->word) == 0) {
                        o->recursive_set = (o->recursive_set & ~row->clear) | row->set;
                        o->recursive_clear = (o->recursive_clear & ~row->set) | row->clear;
                        return true;
                }
        }
        return false;
}

bool mount_options_parse(
                const char *const *words,
                const char *what,
                MountOptions *ret_options,
                GError **error) {
        g_auto(MountOptions) o = { .data = g_ptr_array_new_with_free_func(g_free) };
        for (; *words; words++) {
                const char *word = *words;
                if (strcmp(word, "bind") == 0) {
                        o.is_bind = true;
                } else if (strcmp(word, "rbind") == 0) {
                        o.is_bind = o.is_recursive_bind = true;
                } else if (strcmp(word, "tmpcopyup") == 0) {
                        o.copy_up = true;
                } else if (strcmp(word, "idmap") == 0 || strcmp(word, "ridmap") == 0) {
                        o.is_idmap = true;
                        o.is_recursive_idmap = word[0] == 'r';
                } else if (mount_propagation_from_text(
                                           word, &o.propagation, &o.propagation_recursive)) {
                        continue;
                } else if (attribute_word(word, &o)) {
                        continue;
                } else if (strchr(word, '=')) {
                        g_ptr_array_add(o.data, g_strdup(word));
                } else if (!g_strv_contains(ignored, word) && word[0] != '\0') {
                        return error_set_invalid(
                                        error, "%s: unknown mount option '%s'", what, word);
                }
        }
        *ret_options = o;
        o = (MountOptions){ 0 };
        return true;
}

void mount_options_clear(MountOptions *options) {
        g_clear_pointer(&options->data, g_ptr_array_unref);
}

char **mount_options_known(void) {
        static const char *const others[] = {
                "bind",    "rbind",      "private",     "rprivate", "slave",  "rslave",    "shared",
                "rshared", "unbindable", "runbindable", "idmap",    "ridmap", "tmpcopyup", NULL,
        };
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        for (size_t i = 0; i < G_N_ELEMENTS(words_table); i++) {
                g_autofree char *recursive = g_strconcat("r", words_table[i].word, NULL);
                g_strv_builder_add_many(builder, words_table[i].word, recursive, NULL);
        }
        g_strv_builder_addv(builder, (const char **) others);
        g_strv_builder_addv(builder, (const char **) ignored);
        return g_strv_builder_end(builder);
}
