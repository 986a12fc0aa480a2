/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* IP and hardware addresses as plain values, in network byte order. */

typedef struct IpAddress {
        int family; /* AF_INET, AF_INET6; 0: none */
        uint8_t bytes[16];
} IpAddress;

typedef struct IpSubnet {
        IpAddress address; /* the lowest one, host bits are zero */
        unsigned int prefix;
} IpSubnet;

typedef struct MacAddress {
        uint8_t bytes[6];
} MacAddress;

bool ip_parse(const char *text, IpAddress *ret_address);
char *ip_format(const IpAddress *address); /* "" for none; caller frees */
size_t ip_size(const IpAddress *address);  /* 4 or 16 */
int ip_compare(const IpAddress *a, const IpAddress *b);
bool ip_is_any(const IpAddress *address);
IpAddress ip_add(IpAddress address, int step); /* wraps around */

/* "10.88.0.0/16"; host bits are cleared. */
bool subnet_parse(const char *text, IpSubnet *ret_subnet);
char *subnet_format(const IpSubnet *subnet); /* caller frees */
bool subnet_contains(const IpSubnet *subnet, const IpAddress *address);
bool subnet_overlaps(const IpSubnet *a, const IpSubnet *b);

/* The first and the last address a host may have: without the subnet's own and, for IPv4, the
 * broadcast address; /31 and /32, /127 and /128 have no such two (RFC 3021). */
IpAddress subnet_first(const IpSubnet *subnet);
IpAddress subnet_last(const IpSubnet *subnet);

bool mac_parse(const char *text, MacAddress *ret_mac);
char *mac_format(const MacAddress *mac); /* caller frees */
MacAddress mac_random(void);             /* locally administered, unicast */

/* One that follows from an address: who gets it next has the same one, and neighbours that still
 * know the last holder are right. */
MacAddress mac_of_address(const IpAddress *address);
