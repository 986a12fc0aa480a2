/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* "RLIMIT_NOFILE" -> RLIMIT_NOFILE, getrlimit(2); -1 if unknown. */
int rlimit_from_text(const char *text);
