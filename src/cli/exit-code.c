/* SPDX-License-Identifier: Apache-2.0 */
/* Exit statuses of containers that somebody else ran. */
#include "cli/exit-code.h"

#include <errno.h>

#include "base/error.h"
#include "runtime/service-result.h"

#define FINISH_TRIES      100
#define FINISH_PAUSE_USEC 20000

/* Whoever ran it notes the end in its record, or removes it; until then other verbs would not
 * agree. */
bool container_exit_code_await(
                Runtime *runtime, const ContainerRecord *record, int *ret_code, GError **error) {
        bool known = service_result_of_unit(record, ret_code);
        for (int i = 0; i < FINISH_TRIES; i++) {
                g_autoptr(ContainerRecord) now = record_find(runtime->records, record->id, NULL);
                if (now && now->has_exit_code)
                        *ret_code = now->exit_code;
                else if (!now && !known)
                        *ret_code = 0;
                if (!now || now->has_exit_code)
                        return true;
                g_usleep(FINISH_PAUSE_USEC);
        }
        return known || error_set_errno(error, ETIMEDOUT, "Cannot learn how container '%s' ended",
                                        record->name);
}
