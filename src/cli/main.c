/* SPDX-License-Identifier: Apache-2.0 */
/* The table of verbs. Verbs that move bytes are run by berth-image (verb-image-exec.c). */
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/exit.h"
#include "cli/guard.h"
#include "cli/oci.h"
#include "cli/verb.h"
#include "cli/verbs.h"

static const Verb verbs[] = {
        /* Containers */
        { "run", verb_run, "Run a command in a new container" },
        { "create", verb_create, "Create a container without starting it" },
        { "start", verb_start, "Start existing containers as services" },
        { "stop", verb_stop, "Stop containers, and the units they belong to" },
        { "restart", verb_restart, "Stop containers and start them again" },
        { "pause", verb_pause, "Freeze all processes of containers" },
        { "unpause", verb_unpause, "Let paused containers go on" },
        { "update", verb_update, "Change the limits of a container" },
        { "container update", verb_update, NULL },
        { "rename", verb_rename, "Give a container another name" },
        { "init", verb_init, "Prepare containers for a start" },
        { "container init", verb_init, NULL },
        { "container cleanup", verb_container_cleanup,
          "Undo what is left mounted of stopped containers" },
        { "mount", verb_mount, "Mount containers' files and print where" },
        { "container mount", verb_mount, NULL },
        { "unmount", verb_unmount, "Undo mount" },
        { "umount", verb_unmount, NULL },
        { "container unmount", verb_unmount, NULL },
        { "container umount", verb_unmount, NULL },
        { "kill", verb_kill, "Send a signal to containers" },
        { "rm", verb_rm, "Remove containers" },
        { "wait", verb_wait, "Wait for containers to end" },
        { "attach", verb_attach, "Follow a running container" },
        { "container attach", verb_attach, NULL },
        { "exec", verb_exec, "Run a command in a running container" },
        { "ps", verb_ps, "List containers" },
        { "inspect", verb_inspect, "Show all that is known of containers or images" },
        { "logs", verb_logs, "Show what containers wrote" },
        { "events", verb_events, "Show what happened to containers, images and the rest" },
        { "system events", verb_events, NULL },
        { "info", verb_info, "Show the host and the store" },
        { "healthcheck run", verb_healthcheck_run, "Run the health check of a container" },
        { "top", verb_top, "Show the processes of a container" },
        { "commit", verb_commit, "Make an image of a container's files and settings" },
        { "container commit", verb_commit, NULL },
        { "diff", verb_diff, "Show which files of a container differ from its image" },
        { "cp", verb_cp, "Copy files between a container and the host" },
        { "forward", verb_forward, "Hand connections of held ports to a container" },
        { "export", verb_export, "Write a container's files as a tar archive" },
        { "stats", verb_stats, "Show what containers use" },
        { "port", verb_port, "List the published ports of a container" },
        { "container port", verb_port, NULL },
        { "container stats", verb_stats, NULL },
        { "container cp", verb_cp, NULL },
        { "container export", verb_export, NULL },
        { "container diff", verb_diff, NULL },
        { "container top", verb_top, NULL },
        { "container start", verb_start, NULL },
        { "container stop", verb_stop, NULL },
        { "container restart", verb_restart, NULL },
        { "container pause", verb_pause, NULL },
        { "container unpause", verb_unpause, NULL },
        { "container rename", verb_rename, NULL },
        { "container exists", verb_container_exists, "Check whether a container exists" },
        { "container prune", verb_container_prune, "Remove all containers that do not run" },
        { "container kill", verb_kill, NULL },
        { "container rm", verb_rm, NULL },
        { "container wait", verb_wait, NULL },
        { "container exec", verb_exec, NULL },
        { "container ps", verb_ps, NULL },
        { "container ls", verb_ps, NULL },
        { "container list", verb_ps, NULL },
        { "container inspect", verb_container_inspect, NULL },
        { "container logs", verb_logs, NULL },
        { "system info", verb_info, NULL },
        { "system audit", verb_system_audit, "Compare a unit's settings with its container" },
        { "container run", verb_run, NULL },
        { "container create", verb_create, NULL },
        { "container launch", verb_container_launch, NULL },
        { "container finish", verb_container_finish, NULL },
        { "version", verb_version, "Print the version" },

        /* Images */
        { "pull", verb_image_exec, "Pull an image from a registry" },
        { "load", verb_image_exec, "Load images from an archive" },
        { "save", verb_image_exec, "Save images to an archive" },
        { "import", verb_image_exec, "Make an image of a tar archive" },
        { "images", verb_images, "List images" },
        { "rmi", verb_rmi, "Remove images" },
        { "tag", verb_tag, "Give an image further names" },
        { "untag", verb_untag, "Take names from an image" },
        { "history", verb_history, "Show how an image was made" },
        { "image tree", verb_image_tree, "Show an image's layers" },
        { "image trust", verb_image_exec, "Show or explain the policy for images" },
        { "login", verb_image_exec, "Check and keep credentials for a registry" },
        { "logout", verb_image_exec, "Forget credentials for a registry" },
        { "search", verb_image_exec, "Look for images in registries" },
        { "image search", verb_image_exec, NULL },
        { "image prune", verb_image_prune, "Remove images that nothing uses" },
        { "system df", verb_system_df, "Show what images, containers and volumes take up" },
        { "system fsck", verb_image_exec, "Check the store against its records and digests" },
        { "system gc", verb_system_gc, "Remove images that no unit, container or name needs" },
        { "artifact", verb_image_exec,
          "Add, pull, list, inspect, extract and remove OCI artifacts" },
        { "image mount", verb_image_mount, "Mount images read-only and print where" },
        { "image unmount", verb_image_unmount, "Unmount images" },
        { "image umount", verb_image_unmount, NULL },
        { "image exists", verb_image_exists, "Check whether an image is in the store" },
        { "image inspect", verb_image_inspect, "Show what is known about an image" },
        { "image ls", verb_images, NULL },
        { "image list", verb_images, NULL },
        { "image history", verb_history, NULL },
        { "image tag", verb_tag, NULL },
        { "image untag", verb_untag, NULL },
        { "image import", verb_image_exec, NULL },
        { "image load", verb_image_exec, NULL },
        { "image pull", verb_image_exec, NULL },
        { "image save", verb_image_exec, NULL },
        { "image rm", verb_rmi, NULL },
        { "image diff", verb_image_diff, "Show what the topmost layer of an image changes" },
        { "push", verb_left_out, NULL },
        { "image push", verb_left_out, NULL },
        { "image scp", verb_left_out, NULL },
        { "image sign", verb_left_out, NULL },

        /* Networks */
        { "network connect", verb_network_connect, "Connect a container to a network" },
        { "network create", verb_network_create, "Create a network" },
        { "network disconnect", verb_network_disconnect, "Disconnect a container from a network" },
        { "network exists", verb_network_exists, "Check whether a network exists" },
        { "network hold", verb_network_hold, NULL },
        { "network inspect", verb_network_inspect, "Show all that is known of networks" },
        { "network ls", verb_network_ls, "List networks" },
        { "network prune", verb_network_prune, "Remove networks that no container uses" },
        { "network reload", verb_network_reload,
          "Put the firewall rules of running containers back" },
        { "network rm", verb_network_rm, "Remove networks" },
        { "network update", verb_network_update, "Change the name servers of a network" },
        { "network list", verb_network_ls, NULL },
        { "network remove", verb_network_rm, NULL },

        /* Volumes */
        { "volume create", verb_volume_create, "Create a volume" },
        { "volume ls", verb_volume_ls, "List volumes" },
        { "volume list", verb_volume_ls, NULL },
        { "volume inspect", verb_volume_inspect, "Show all that is known of volumes" },
        { "volume exists", verb_volume_exists, "Check whether a volume exists" },
        { "volume rm", verb_volume_rm, "Remove volumes" },
        { "volume export", verb_volume_export, "Write a volume as a tar archive" },
        { "volume import", verb_volume_import, "Unpack a tar archive into a volume" },
        { "volume snapshot", verb_volume_snapshot, "Copy a volume's data, to be restored" },
        { "volume restore", verb_volume_restore, "Put a volume's data back from a snapshot" },
        { "volume mount", verb_volume_mount, "Print where a volume's data is" },
        { "volume unmount", verb_volume_unmount, NULL },
        { "volume reload", verb_volume_reload, NULL },
        { "volume prune", verb_volume_prune, "Remove volumes that no container uses" },

        /* Pods */
        { "pod create", verb_pod_create, "Create a pod" },
        { "pod exists", verb_pod_exists, "Check whether a pod exists" },
        { "pod inspect", verb_pod_inspect, "Show all that is known of pods" },
        { "pod kill", verb_pod_kill, "Send a signal to the containers of pods" },
        { "pod logs", verb_pod_logs, "Show what the containers of a pod wrote" },
        { "pod pause", verb_pod_pause, "Freeze all processes of pods" },
        { "pod prune", verb_pod_prune, "Remove pods of which nothing runs" },
        { "pod ps", verb_pod_ps, "List pods" },
        { "pod restart", verb_pod_restart, "Stop pods and start them again" },
        { "pod rm", verb_pod_rm, "Remove pods with their containers" },
        { "pod start", verb_pod_start, "Start pods and their containers" },
        { "pod stats", verb_pod_stats, "Show what the containers of pods use" },
        { "pod stop", verb_pod_stop, "Stop pods and their containers" },
        { "pod top", verb_pod_top, "Show the processes of a pod's containers" },
        { "pod unpause", verb_pod_unpause, "Let paused pods go on" },
        { "pod ls", verb_pod_ps, NULL },
        { "pod list", verb_pod_ps, NULL },

        /* Secrets */
        { "secret create", verb_secret_create, "Keep a secret" },
        { "secret ls", verb_secret_ls, "List secrets" },
        { "secret list", verb_secret_ls, NULL },
        { "secret inspect", verb_secret_inspect, "Show all that is known of secrets" },
        { "secret exists", verb_secret_exists, "Check whether a secret exists" },
        { "secret rm", verb_secret_rm, "Remove secrets" },

        /* Unit files */
        { "quadlet fail", verb_quadlet_fail, NULL },
        { "quadlet install", verb_quadlet_install, "Install unit files" },
        { "quadlet list", verb_quadlet_list, "List unit files and their services" },
        { "quadlet ls", verb_quadlet_list, NULL },
        { "quadlet print", verb_quadlet_print, "Print a unit file" },
        { "quadlet cat", verb_quadlet_print, NULL },
        { "quadlet rm", verb_quadlet_rm, "Remove unit files" },
        { "quadlet lint", verb_quadlet_lint, "Report what is wrong in unit files" },
        { "quadlet sync", verb_quadlet_sync, "Let systemctl enable services of unit files" },
        { "quadlet wait-network", verb_quadlet_wait_network, NULL },

        { NULL },
};

/* berth-oci is a link to us. */
static bool is_oci(const char *program) {
        const char *slash = strrchr(program, '/');
        return strcmp(slash ? slash + 1 : program, "berth-oci") == 0;
}

/* Whether a process of a container comes of it. */
static bool starts_processes(int argc, char **argv) {
        static const char *const words[] = { "run", "exec", "launch", "create", "start" };
        for (int i = 1; i < argc; i++)
                for (size_t w = 0; w < G_N_ELEMENTS(words); w++)
                        if (strcmp(argv[i], words[w]) == 0)
                                return true;
        return false;
}

int main(int argc, char **argv) {
        int r = starts_processes(argc, argv) ? guard_program(argv) : 0;
        if (r < 0) {
                fprintf(stderr, "Error: Cannot run from a file that no container can write: %s\n",
                        g_strerror(-r));
                return EXIT_STATUS_ERROR;
        }
        if (argc > 0 && is_oci(argv[0]))
                return oci_main(argc, argv);
        log_init("berth", LOG_SINK_STDERR, LOG_LEVEL_INFO);
        return verbs_main(verbs, argc, argv);
}
