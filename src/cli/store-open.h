/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "store/store.h"

/* The store that the global options name. */
Store *cli_store_open(GError **error);
