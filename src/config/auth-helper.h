/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "config/auth-file.h"

/* Docker's credential helpers: programs docker-credential-<suffix> that keep secrets elsewhere. */

/* Asks for a host. "Not found" is success with nothing in it. */
bool auth_helper_get(
                const char *suffix, const char *host, Credentials *ret_credentials, GError **error);
