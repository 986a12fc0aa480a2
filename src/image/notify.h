/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* sd_notify(3) for a helper of the unit's main process: STATUS= and EXTEND_TIMEOUT_USEC= only. */

bool notify_is_wanted(void);

/* extend_usec 0: no extension. Failures are not worth an error: nobody may be listening. */
void notify_status(const char *text, uint64_t extend_usec);
