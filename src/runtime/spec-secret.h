/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/spec-build.h"

/* --secret NAME[,type=mount|env][,target=][,uid=][,gid=][,mode=], and the credentials of the unit
 * that we run in. Those that are variables are only noted in the record. */
bool spec_build_secrets(const SpecRequest *request, OciSpec *spec, GError **error);

/* Puts the noted variables into the environment. After the configuration was saved: their values
 * are on no disk, in no inspect and no log. secrets_path: GRAPHROOT/secrets. */
bool spec_add_secret_variables(
                const char *secrets_path,
                const ContainerRecord *record,
                OciSpec *spec,
                GError **error);
