/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"

/* Log drivers k8s-file and json-file, which is the same by another name: lines in a file. */

bool log_file_is_used(const ContainerRecord *record);

/* The record's file: that of --log-opt path=, else ctr.log beside the writable layer. Caller frees.
 */
char *log_file_path(const Runtime *runtime, const ContainerRecord *record);

/* For appending; made when absent. Owned; -1 without error when lines go elsewhere. */
bool log_file_open(
                const Runtime *runtime, const ContainerRecord *record, int *ret_fd, GError **error);

/* --log-driver and --log-opt. */
bool log_file_configure(const ContainerOptions *options, ContainerRecord *record, GError **error);
