/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* Prints the warning and asks on the terminal, or whatever standard input is; y or Y goes on. */
bool confirm(const char *warning);
