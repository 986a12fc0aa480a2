/* SPDX-License-Identifier: Apache-2.0 */
/* The user behind a namespace's root. */
#include "base/user.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static unsigned int id_or(const char *variable, unsigned int own) {
        uint64_t id;
        const char *text = getenv(variable);
        if (geteuid() == 0 && text && text_parse_uint64(text, UINT32_MAX - 1, &id))
                return (unsigned int) id;
        return own;
}

uid_t user_id(void) {
        return id_or(USER_ENVIRONMENT, geteuid());
}

gid_t user_group_id(void) {
        return id_or(USER_GROUP_ENVIRONMENT, getegid());
}

bool user_is_root(void) {
        return user_id() == 0;
}

bool user_in_initial_namespace(void) {
        const ino_t initial = 0xEFFFFFFDu; /* PROC_USER_INIT_INO, linux/proc_ns.h; never reused */
        struct stat st;
        return stat("/proc/self/ns/user", &st) < 0 || st.st_ino == initial;
}
