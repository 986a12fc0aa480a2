/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/child.h"

/* The steps of child.c, by topic. All return 0 or -errno; *index says which row failed. */

/* child-mount.c */
int attach_root_in_child(const ChildPlan *plan, int *ret_root_fd);
int mount_all_in_child(const ChildPlan *plan, int root_fd, size_t *index);
int mask_all_in_child(const ChildPlan *plan, int root_fd, int null_fd, size_t *index);
int readonly_all_in_child(const ChildPlan *plan, int root_fd, size_t *index);
int pivot_in_child(const ChildPlan *plan, int root_fd);

/* child-dev.c */
int open_null_in_child(int *ret_fd);
int devices_in_child(const ChildPlan *plan, int root_fd, size_t *index);
int links_in_child(const ChildPlan *plan, int root_fd, size_t *index);
int console_in_child(const ChildPlan *plan, int root_fd, int *ret_slave_fd);
int sysctls_in_child(const ChildPlan *plan, int root_fd, size_t *index);

/* child-path.c */
int open_target_in_child(int root_fd, const char *path, bool is_file);
int open_parent_in_child(int root_fd, const char *path, const char **ret_name);
int copy_bytes_in_child(int from_fd, int to_fd);
int copy_tree_in_child(int from_fd, int to_fd, unsigned int depth);

int send_console_in_child(int socket_fd, int master_fd);

/* child.c */
int child_attributes_in_child(const ChildPlan *plan, ChildStage *stage);
int open_label_in_child(const ChildPlan *plan, int *ret_fd);
int take_stdio_in_child(const ChildPlan *plan, int slave_fd);
int child_exit_status(ChildStage stage, int error);

/* child-identity.c */
int loopback_in_child(void);
int rlimits_in_child(const ChildPlan *plan, size_t *index);
int identity_in_child(const ChildIdentity *identity);
int seccomp_in_child(const ChildIdentity *identity, int socket_fd);
int hardening_in_child(const ChildIdentity *identity);
int keyring_in_child(const char *name);
int memory_policy_in_child(const ChildMemoryPolicy *policy);

/* All that the container's first process does, with the launcher's end of the socket closed. */
_Noreturn void first_process_in_child(ChildPlan *plan);
