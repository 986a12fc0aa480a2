/* SPDX-License-Identifier: Apache-2.0 */
/* Exit statuses that the manager knows. */
#include "runtime/service-result.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "systemd/bus.h"

/* $EXIT_CODE is "exited", "killed", "dumped"; $EXIT_STATUS a number or a signal's name. */
bool service_result_from_environment(int *ret_code) {
        const char *code = getenv("EXIT_CODE");
        const char *status = getenv("EXIT_STATUS");
        uint64_t number;
        if (!code || !status)
                return false;
        if (strcmp(code, "exited") == 0) {
                *ret_code = text_parse_uint64(status, 255, &number) ? (int) number : 0;
                return true;
        }
        int signal_number = text_parse_signal(status);
        *ret_code = 128 + (signal_number > 0 ? signal_number : SIGKILL);
        return true;
}

bool service_result_of_unit(const ContainerRecord *record, int *ret_code) {
        g_autoptr(Bus) bus = record->unit ? bus_open(NULL) : NULL;
        int code = 0, status = 0;
        if (!bus ||
            !bus_get_unit_int(bus, record->unit, "Service", "ExecMainStatus", &status, NULL) ||
            !bus_get_unit_int(bus, record->unit, "Service", "ExecMainCode", &code, NULL) ||
            code == 0)
                return false;
        *ret_code = code == CLD_EXITED ? status : 128 + status;
        return true;
}
