/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "config/policy.h"

/* One entry of a list of requirements. NULL and an error when it is not exactly right. Reads the
 * keys that it names. */
PolicyRequirement *policy_requirement_parse(JsonObject *object, GError **error);
void policy_requirement_free(PolicyRequirement *requirement);
