/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Errors of the parent zone (STYLE 3): a GError with words. ERROR_ERRNO's code *is* the errno, so
 * g_error_matches(e, ERROR_ERRNO, ENOENT) works and nothing is folded. */
#define ERROR_ERRNO error_errno_quark()
GQuark error_errno_quark(void);

/* Sets "<message>: <strerror>" from r, which is an errno or a negative errno. Always returns false,
 * so that a caller can `return error_set_errno(error, r, "Cannot open '%s'", path);` */
bool error_set_errno(GError **error, int r, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Sets a message without errno; domain and code as the caller's layer defines. Always false. */
bool error_set(GError **error, GQuark domain, int code, const char *format, ...)
                G_GNUC_PRINTF(4, 5);

/* Input that cannot be right, in whatever layer: ERROR_ERRNO with EINVAL but only our words. */
bool error_set_invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
