/* SPDX-License-Identifier: Apache-2.0 */
/* berth-image: the verbs that move bytes. berth starts it; people need not know it. */
#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/log.h"
#include "cli/image-verbs.h"
#include "cli/verb.h"
#include "image/pull.h"

static const Verb verbs[] = {
        { "pull", verb_pull, "Pull an image from a registry" },
        { "load", verb_load, "Load images from an archive" },
        { "save", verb_save, "Save images to an archive" },
        { "import", verb_import, "Make an image of a tar archive" },
        { "trust", verb_trust, "Show or explain the policy for images" },
        { "fsck", verb_fsck, "Check the store" },
        { "login", verb_login, "Keep credentials for a registry" },
        { "logout", verb_logout, "Forget credentials for a registry" },
        { "search", verb_search, "Look for images in registries" },
        { "artifact", verb_artifact, "Manage OCI artifacts" },
        { "commit-read", verb_commit_read, NULL },
        { "tree-unpack", verb_tree_unpack, NULL },
        { NULL },
};

/* A pull that is stopped removes what it staged; a second signal ends it at once, and then the next
 * writer does. */
static void on_signal(int signal_number) {
        pull_cancel_all();
}

/* Windows and blocks of megabytes go back to the kernel when they are freed: by default glibc
 * raises the threshold at the first such free() and keeps the next ones in its arenas (mallopt(3)).
 */
static void bound_memory(void) {
        mallopt(M_MMAP_THRESHOLD, 256 << 10);
        mallopt(M_ARENA_MAX, 2);
}

int main(int argc, char **argv) {
        bound_memory();
        log_init("berth-image", LOG_SINK_STDERR, LOG_LEVEL_INFO);
        umask(0); /* layers' modes are what they say */
        struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int) SA_RESETHAND };
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        return verbs_main(verbs, argc, argv);
}
