/* SPDX-License-Identifier: Apache-2.0 */
/* The border between negative errno (child zone) and GError (parent zone). */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>

GQuark error_errno_quark(void) {
        return g_quark_from_static_string("berth-errno");
}

bool error_set_errno(GError **error, int r, const char *format, ...) {
        if (!error)
                return false;
        int code = r < 0 ? -r : r;
        va_list ap;
        va_start(ap, format);
        g_autofree char *what = g_strdup_vprintf(format, ap);
        va_end(ap);
        g_set_error(error, ERROR_ERRNO, code, "%s: %s", what, g_strerror(code));
        return false;
}

bool error_set(GError **error, GQuark domain, int code, const char *format, ...) {
        if (!error)
                return false;
        va_list ap;
        va_start(ap, format);
        *error = g_error_new_valist(domain, code, format, ap);
        va_end(ap);
        return false;
}

bool error_set_invalid(GError **error, const char *format, ...) {
        if (!error)
                return false;
        va_list ap;
        va_start(ap, format);
        *error = g_error_new_valist(ERROR_ERRNO, EINVAL, format, ap);
        va_end(ap);
        return false;
}
