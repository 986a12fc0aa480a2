/* SPDX-License-Identifier: Apache-2.0 */
/* Members of the documents, as the nouns here keep them. */
#include "oci/member.h"

#include "base/json.h"

bool oci_member_text(JsonObject *object, const char *name, char **ret_value, GError **error) {
        const char *value;
        if (!json_get_string(object, name, &value, error))
                return false;
        *ret_value = g_strdup(value);
        return true;
}
