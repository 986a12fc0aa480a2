/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Tells of something that happened to an image, for verbs that have no Runtime: systemd/events.h.
 * name may be NULL. */
void image_event(const char *status, const char *id, const char *name);
