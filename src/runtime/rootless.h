/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* An unprivileged user becomes root of a user and a mount namespace of this process's own: there it
 * may mount overlays, bind devices and own files by the ids that subuid(5) gives them. */

/* Does nothing for root, and nothing the second time. From then on user_id() tells who it was
 * (base/user.h), also in programs that we run. */
bool rootless_enter(GError **error);

/* Runs action as that root in a process of its own, and brings back its error: for callers that
 * must stay who they are, as only in the first namespace may a user signal their containers. */
typedef bool (*RootlessAction)(void *data, GError **error);
bool rootless_call(RootlessAction action, void *data, GError **error);

/* Becomes root of a user namespace that is there already and was made by the same user, with the
 * same ids (and a mount namespace of our own); for who stayed outside until now. */
bool rootless_join(int user_ns_fd, GError **error);

/* rootless_call() in those two: the user namespace is entered unless it is ours already; -1: as
 * there. The process is a child of ours even for root. */
bool rootless_call_inside(
                int user_ns_fd, int net_ns_fd, RootlessAction action, void *data, GError **error);
