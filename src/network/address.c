/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on addresses. */
#include "network/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/text.h"

bool ip_parse(const char *text, IpAddress *ret_address) {
        IpAddress address = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };
        if (inet_pton(address.family, text, address.bytes) != 1)
                return false;
        *ret_address = address;
        return true;
}

char *ip_format(const IpAddress *address) {
        char text[INET6_ADDRSTRLEN] = "";
        if (address->family != 0)
                (void) inet_ntop(address->family, address->bytes, text, sizeof text);
        return g_strdup(text);
}

size_t ip_size(const IpAddress *address) {
        return address->family == AF_INET6 ? 16 : 4;
}

int ip_compare(const IpAddress *a, const IpAddress *b) {
        if (a->family != b->family)
                return a->family < b->family ? -1 : 1;
        return memcmp(a->bytes, b->bytes, ip_size(a));
}

bool ip_is_any(const IpAddress *address) {
        static const uint8_t zero[16];
        return memcmp(address->bytes, zero, sizeof zero) == 0;
}

IpAddress ip_add(IpAddress address, int step) {
        for (size_t i = ip_size(&address); i > 0 && step != 0; i--) {
                int sum = address.bytes[i - 1] + step % 256;
                step /= 256;
                if (sum < 0) {
                        sum += 256;
                        step--;
                } else if (sum > 255) {
                        sum -= 256;
                        step++;
                }
                address.bytes[i - 1] = (uint8_t) sum;
        }
        return address;
}

/* Clears or sets the bits behind the prefix. */
static IpAddress fill_host_bits(IpAddress address, unsigned int prefix, bool ones) {
        size_t size = ip_size(&address);
        for (size_t i = 0; i < size; i++) {
                unsigned int kept = prefix >= 8 * (i + 1) ? 8 : prefix > 8 * i ? prefix % 8 : 0;
                uint8_t mask = (uint8_t) (0xff00u >> kept);
                address.bytes[i] =
                                (uint8_t) (ones ? address.bytes[i] | (uint8_t) ~mask
                                                : address.bytes[i] & mask);
        }
        return address;
}

bool subnet_parse(const char *text, IpSubnet *ret_subnet) {
        IpSubnet subnet;
        g_auto(GStrv) parts = g_strsplit(text, "/", 2);
        uint64_t prefix;
        if (!parts[0] || !parts[1] || !ip_parse(parts[0], &subnet.address) ||
            !text_parse_uint64(parts[1], 8 * ip_size(&subnet.address), &prefix))
                return false;
        subnet.prefix = (unsigned int) prefix;
        subnet.address = fill_host_bits(subnet.address, subnet.prefix, false);
        *ret_subnet = subnet;
        return true;
}

char *subnet_format(const IpSubnet *subnet) {
        g_autofree char *address = ip_format(&subnet->address);
        return g_strdup_printf("%s/%u", address, subnet->prefix);
}

bool subnet_contains(const IpSubnet *subnet, const IpAddress *address) {
        if (address->family != subnet->address.family)
                return false;
        IpAddress base = fill_host_bits(*address, subnet->prefix, false);
        return ip_compare(&base, &subnet->address) == 0;
}

bool subnet_overlaps(const IpSubnet *a, const IpSubnet *b) {
        return subnet_contains(a, &b->address) || subnet_contains(b, &a->address);
}

/* RFC 3021, RFC 6164: in a subnet of two or one every address is a host's. */
static bool is_tiny(const IpSubnet *subnet) {
        return subnet->prefix + 1 >= 8 * ip_size(&subnet->address);
}

IpAddress subnet_first(const IpSubnet *subnet) {
        return is_tiny(subnet) ? subnet->address : ip_add(subnet->address, 1);
}

IpAddress subnet_last(const IpSubnet *subnet) {
        IpAddress last = fill_host_bits(subnet->address, subnet->prefix, true);
        return last.family == AF_INET && !is_tiny(subnet) ? ip_add(last, -1) : last;
}

bool mac_parse(const char *text, MacAddress *ret_mac) {
        unsigned int b[6];
        int end = 0;
        char separator = strchr(text, '-') ? '-' : ':';
        g_autofree char *plain = g_strdelimit(g_strdup(text), "-", ':');
        if (strlen(text) != 17 || strspn(plain, "0123456789abcdefABCDEF:") != 17 ||
            (separator == '-' && strchr(text, ':')) ||
            sscanf(plain, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
                   &end) != 6 ||
            end != 17)
                return false;
        for (int i = 0; i < 6; i++)
                ret_mac->bytes[i] = (uint8_t) b[i];
        return true;
}

char *mac_format(const MacAddress *mac) {
        const uint8_t *b = mac->bytes;
        return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

MacAddress mac_random(void) {
        MacAddress mac;
        ssize_t n = getrandom(mac.bytes, sizeof mac.bytes, 0);
        g_assert(n == sizeof mac.bytes); /* never short below 256 bytes, getrandom(2) */
        mac.bytes[0] = (uint8_t) ((mac.bytes[0] & 0xfe) | 0x02);
        return mac;
}

MacAddress mac_of_address(const IpAddress *address) {
        MacAddress mac = { .bytes = { 0x02, 0xbe } };
        memcpy(mac.bytes + 2, address->bytes + ip_size(address) - 4, 4);
        return mac;
}
