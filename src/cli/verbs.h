/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The entry points of the verb-<name>.c files, in the order of the table in main.c. */

/* Containers */
int verb_run(int argc, char **argv);
int verb_create(int argc, char **argv);
int verb_attach(int argc, char **argv);
int verb_commit(int argc, char **argv);
int verb_container_launch(int argc, char **argv);
int verb_container_finish(int argc, char **argv);
int verb_start(int argc, char **argv);
int verb_stop(int argc, char **argv);
int verb_restart(int argc, char **argv);
int verb_pause(int argc, char **argv);
int verb_unpause(int argc, char **argv);
int verb_rename(int argc, char **argv);
int verb_container_exists(int argc, char **argv);
int verb_container_prune(int argc, char **argv);
int verb_init(int argc, char **argv);
int verb_mount(int argc, char **argv);
int verb_unmount(int argc, char **argv);
int verb_container_cleanup(int argc, char **argv);
int verb_kill(int argc, char **argv);
int verb_rm(int argc, char **argv);
int verb_wait(int argc, char **argv);
int verb_events(int argc, char **argv);
int verb_exec(int argc, char **argv);
int verb_ps(int argc, char **argv);
int verb_inspect(int argc, char **argv);
int verb_container_inspect(int argc, char **argv);
int verb_logs(int argc, char **argv);
int verb_info(int argc, char **argv);
int verb_top(int argc, char **argv);
int verb_diff(int argc, char **argv);
int verb_image_diff(int argc, char **argv);
int verb_left_out(int argc, char **argv);
int verb_cp(int argc, char **argv);
int verb_export(int argc, char **argv);
int verb_forward(int argc, char **argv);
int verb_stats(int argc, char **argv);
int verb_port(int argc, char **argv);
int verb_update(int argc, char **argv);
int verb_version(int argc, char **argv);

/* Images */
int verb_image_exec(int argc, char **argv); /* whatever berth-image does */
int verb_images(int argc, char **argv);
int verb_rmi(int argc, char **argv);
int verb_tag(int argc, char **argv);
int verb_untag(int argc, char **argv);
int verb_healthcheck_run(int argc, char **argv);
int verb_history(int argc, char **argv);
int verb_image_tree(int argc, char **argv);
int verb_image_prune(int argc, char **argv);
int verb_system_audit(int argc, char **argv);
int verb_system_df(int argc, char **argv);
int verb_system_gc(int argc, char **argv);
int verb_image_mount(int argc, char **argv);
int verb_image_unmount(int argc, char **argv);
int verb_image_exists(int argc, char **argv);
int verb_image_inspect(int argc, char **argv);

/* Networks */
int verb_network_connect(int argc, char **argv);
int verb_network_create(int argc, char **argv);
int verb_network_disconnect(int argc, char **argv);
int verb_network_exists(int argc, char **argv);
int verb_network_hold(int argc, char **argv);
int verb_network_inspect(int argc, char **argv);
int verb_network_ls(int argc, char **argv);
int verb_network_prune(int argc, char **argv);
int verb_network_reload(int argc, char **argv);
int verb_network_rm(int argc, char **argv);
int verb_network_update(int argc, char **argv);

/* Volumes */
int verb_volume_create(int argc, char **argv);
int verb_volume_ls(int argc, char **argv);
int verb_volume_inspect(int argc, char **argv);
int verb_volume_exists(int argc, char **argv);
int verb_volume_restore(int argc, char **argv);
int verb_volume_rm(int argc, char **argv);
int verb_volume_snapshot(int argc, char **argv);
int verb_volume_export(int argc, char **argv);
int verb_volume_import(int argc, char **argv);
int verb_volume_mount(int argc, char **argv);
int verb_volume_unmount(int argc, char **argv);
int verb_volume_reload(int argc, char **argv);
int verb_volume_prune(int argc, char **argv);

/* Pods */
int verb_pod_create(int argc, char **argv);
int verb_pod_exists(int argc, char **argv);
int verb_pod_inspect(int argc, char **argv);
int verb_pod_kill(int argc, char **argv);
int verb_pod_logs(int argc, char **argv);
int verb_pod_stats(int argc, char **argv);
int verb_pod_top(int argc, char **argv);
int verb_pod_pause(int argc, char **argv);
int verb_pod_prune(int argc, char **argv);
int verb_pod_ps(int argc, char **argv);
int verb_pod_restart(int argc, char **argv);
int verb_pod_rm(int argc, char **argv);
int verb_pod_start(int argc, char **argv);
int verb_pod_stop(int argc, char **argv);
int verb_pod_unpause(int argc, char **argv);

/* Secrets */
int verb_secret_create(int argc, char **argv);
int verb_secret_ls(int argc, char **argv);
int verb_secret_inspect(int argc, char **argv);
int verb_secret_exists(int argc, char **argv);
int verb_secret_rm(int argc, char **argv);

/* Unit files */
int verb_quadlet_fail(int argc, char **argv);
int verb_quadlet_install(int argc, char **argv);
int verb_quadlet_list(int argc, char **argv);
int verb_quadlet_print(int argc, char **argv);
int verb_quadlet_rm(int argc, char **argv);
int verb_quadlet_lint(int argc, char **argv);
int verb_quadlet_sync(int argc, char **argv);
int verb_quadlet_wait_network(int argc, char **argv);
