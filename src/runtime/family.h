/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Names of address families and of errors, as unit files have them. */

#define ADDRESS_FAMILY_MAX 46 /* AF_MCTP is 45; the kernel knows none beyond */

/* "AF_INET" -> 2; -1 if unknown. */
int address_family_from_text(const char *text);

/* "EPERM" or "1"; EPERM if unknown. */
int errno_from_text(const char *text);
