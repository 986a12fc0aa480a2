/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/record.h"

/* record.json <-> ContainerRecord. */
ContainerRecord *record_parse(const char *bytes, size_t size, GError **error);
char *record_format(const ContainerRecord *record);
