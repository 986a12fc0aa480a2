/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of address families and errors. */
#include "runtime/family.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

int address_family_from_text(const char *text) {
        static const struct {
                const char *text;
                int family;
        } rows[] = {
                { "AF_UNIX", AF_UNIX },
                { "AF_LOCAL", AF_UNIX },
                { "AF_INET", AF_INET },
                { "AF_INET6", AF_INET6 },
                { "AF_NETLINK", AF_NETLINK },
                { "AF_PACKET", AF_PACKET },
                { "AF_VSOCK", AF_VSOCK },
                { "AF_ALG", AF_ALG },
                { "AF_BLUETOOTH", AF_BLUETOOTH },
                { "AF_CAN", AF_CAN },
                { "AF_XDP", AF_XDP },
                { "AF_TIPC", AF_TIPC },
                { "AF_KEY", AF_KEY },
                { "AF_PPPOX", AF_PPPOX },
                { "AF_RDS", AF_RDS },
                { "AF_KCM", AF_KCM },
                { "AF_IB", AF_IB },
                { "AF_SMC", AF_SMC },
                { "AF_QIPCRTR", AF_QIPCRTR },
                { "AF_NFC", AF_NFC },
                { "AF_X25", AF_X25 },
                { "AF_AX25", AF_AX25 },
                { "AF_IPX", AF_IPX },
                { "AF_APPLETALK", AF_APPLETALK },
                { "AF_PHONET", AF_PHONET },
                { "AF_IEEE802154", AF_IEEE802154 },
                { "AF_MPLS", AF_MPLS },
                { "AF_RXRPC", AF_RXRPC },
                { "AF_LLC", AF_LLC },
                { "AF_ISDN", AF_ISDN },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (strcmp(rows[i].text, text) == 0)
                        return rows[i].family;
        return -1;
}

int errno_from_text(const char *text) {
        static const struct {
                const char *text;
                int number;
        } rows[] = {
                { "EPERM", EPERM },     { "EACCES", EACCES }, { "ENOSYS", ENOSYS },
                { "EINVAL", EINVAL },   { "ENOENT", ENOENT }, { "EOPNOTSUPP", EOPNOTSUPP },
                { "EIO", EIO },         { "EAGAIN", EAGAIN }, { "ENOMEM", ENOMEM },
                { "EBUSY", EBUSY },     { "ENOSPC", ENOSPC }, { "EAFNOSUPPORT", EAFNOSUPPORT },
                { "EUCLEAN", EUCLEAN }, { "EILSEQ", EILSEQ }, { "EROFS", EROFS },
        };
        uint64_t number;
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                if (strcmp(rows[i].text, text) == 0)
                        return rows[i].number;
        return text_parse_uint64(text, 4095, &number) && number > 0 ? (int) number : EPERM;
}
