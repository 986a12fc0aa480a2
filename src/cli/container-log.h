/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"
#include "systemd/journal-read.h"

/* A container's lines from where its log driver puts them; request has what is asked for, the
 * container's part is filled in. */
bool container_log_read(
                Runtime *runtime,
                const ContainerRecord *record,
                JournalRequest *request,
                JournalLine line,
                void *data,
                GError **error);
