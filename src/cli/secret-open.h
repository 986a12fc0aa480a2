/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/container.h"
#include "runtime/secret-store.h"

/* The secrets beside the images of the global options. */
SecretStore *cli_secret_store(const Runtime *runtime);
