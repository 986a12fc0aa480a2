/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: a line of blank-separated words each.
 *
 *   last ADDRESS...
 *   lease ID OWNER INTERFACE MAC ADDRESSES PORTS NAMES DNS
 *
 * OWNER is PID:TICKS or INODE:/path; lists are joined by commas, "-" is an empty one. */
#include "network/lease.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

#define LEASE_FILE_SIZE_MAX (64u << 20)
#define LEASE_WORDS         9

Lease *lease_new(void) {
        Lease *lease = g_new0(Lease, 1);
        lease->addresses = g_array_new(FALSE, TRUE, sizeof(IpAddress));
        lease->ports = g_array_new(FALSE, TRUE, sizeof(PortMapping));
        lease->names = g_ptr_array_new_with_free_func(g_free);
        lease->dns = g_ptr_array_new_with_free_func(g_free);
        return lease;
}

void lease_free(Lease *lease) {
        if (!lease)
                return;
        g_free(lease->id);
        g_free(lease->owner.path);
        g_free(lease->interface);
        g_array_unref(lease->addresses);
        g_array_unref(lease->ports);
        g_ptr_array_unref(lease->names);
        g_ptr_array_unref(lease->dns);
        g_free(lease);
}

bool lease_is_live(const Lease *lease, bool strict) {
        const LeaseOwner *owner = &lease->owner;
        if (owner->path) {
                struct stat st;
                return stat(owner->path, &st) == 0 && st.st_ino == owner->inode;
        }
        if (kill(owner->pid, 0) < 0 && errno == ESRCH)
                return false;
        return !strict || process_start_ticks(owner->pid) == owner->start_ticks;
}

static char **split_list(const char *word) {
        return strcmp(word, "-") == 0 ? g_new0(char *, 1) : g_strsplit(word, ",", -1);
}

static bool parse_owner(const char *word, LeaseOwner *owner) {
        g_auto(GStrv) parts = g_strsplit(word, ":", 2);
        uint64_t first, ticks;
        if (!parts[0] || !parts[1] || !text_parse_uint64(parts[0], INT64_MAX, &first))
                return false;
        if (parts[1][0] == '/') {
                owner->inode = (ino_t) first;
                owner->path = g_strdup(parts[1]);
                return true;
        }
        if (!text_parse_uint64(parts[1], INT64_MAX, &ticks) || first > INT32_MAX)
                return false;
        owner->pid = (pid_t) first;
        owner->start_ticks = ticks;
        return true;
}

static bool parse_addresses(const char *word, GArray *addresses) {
        g_auto(GStrv) list = split_list(word);
        for (char **at = list; *at; at++) {
                IpAddress address;
                if (!ip_parse(*at, &address))
                        return false;
                g_array_append_val(addresses, address);
        }
        return true;
}

/* PROTOCOL/HOST/HOST_PORT/CONTAINER_PORT/COUNT, numbers; no host is "". */
static bool parse_ports(const char *word, GArray *ports) {
        g_auto(GStrv) list = split_list(word);
        for (char **at = list; *at; at++) {
                g_auto(GStrv) parts = g_strsplit(*at, "/", 5);
                PortMapping m = { 0 };
                uint64_t n[4];
                if (g_strv_length(parts) != 5 || (*parts[1] && !ip_parse(parts[1], &m.host)))
                        return false;
                const char *const numbers[] = { parts[0], parts[2], parts[3], parts[4] };
                for (int i = 0; i < 4; i++)
                        if (!text_parse_uint64(numbers[i], 65535, &n[i]))
                                return false;
                m.protocol = (int) n[0];
                m.host_port = (uint16_t) n[1];
                m.container_port = (uint16_t) n[2];
                m.count = (uint16_t) n[3];
                g_array_append_val(ports, m);
        }
        return true;
}

static void parse_words(const char *word, GPtrArray *words) {
        g_auto(GStrv) list = split_list(word);
        for (char **at = list; *at; at++)
                g_ptr_array_add(words, g_strdup(*at));
}

/* A line that is not one of ours is forgotten: the file is on a tmpfs, nobody else writes it. */
static void parse_line(const char *line, Leases *leases) {
        g_auto(GStrv) words = g_strsplit(line, " ", LEASE_WORDS);
        guint n = g_strv_length(words);
        if (n > 1 && strcmp(words[0], "last") == 0) {
                for (char **at = words + 1; *at; at++) {
                        IpAddress address = { 0 };
                        (void) ip_parse(*at, &address); /* "-": none yet */
                        g_array_append_val(leases->last, address);
                }
                return;
        }
        g_autoptr(Lease) lease = lease_new();
        if (n != LEASE_WORDS || strcmp(words[0], "lease") != 0 ||
            !parse_owner(words[2], &lease->owner) || !mac_parse(words[4], &lease->mac) ||
            !parse_addresses(words[5], lease->addresses) || !parse_ports(words[6], lease->ports))
                return;
        lease->id = g_strdup(words[1]);
        lease->interface = g_strdup(words[3]);
        parse_words(words[7], lease->names);
        parse_words(words[8], lease->dns);
        g_ptr_array_add(leases->items, g_steal_pointer(&lease));
}

static bool read_file(Leases *leases, GError **error) {
        g_autofree char *text = NULL;
        GError *inner = NULL;
        if (!file_read_text(AT_FDCWD, leases->path, LEASE_FILE_SIZE_MAX, &text, &inner)) {
                if (g_error_matches(inner, ERROR_ERRNO, ENOENT)) {
                        g_error_free(inner);
                        return true;
                }
                g_propagate_error(error, inner);
                return false;
        }
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                if (**line)
                        parse_line(*line, leases);
        return true;
}

static Leases *leases_new(const char *lease_dir, const char *network) {
        Leases *leases = g_new0(Leases, 1);
        leases->lock_fd = -1;
        leases->path = g_strdup_printf("%s/%s.leases", lease_dir, network);
        leases->items = g_ptr_array_new_with_free_func((GDestroyNotify) lease_free);
        leases->last = g_array_new(FALSE, TRUE, sizeof(IpAddress));
        return leases;
}

Leases *leases_lock(const char *lease_dir, const char *network, GError **error) {
        g_autoptr(Leases) leases = leases_new(lease_dir, network);
        /* apart from the data, which is replaced by rename */
        g_autofree char *path = g_strdup_printf("%s/%s.lock", lease_dir, network);
        leases->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        int r;
        do
                r = leases->lock_fd < 0 ? -1 : flock(leases->lock_fd, LOCK_EX);
        while (r < 0 && errno == EINTR);
        if (r < 0) {
                error_set_errno(error, errno, "Cannot lock '%s'", path);
                return NULL;
        }
        return read_file(leases, error) ? g_steal_pointer(&leases) : NULL;
}

Leases *leases_read(const char *lease_dir, const char *network, GError **error) {
        g_autoptr(Leases) leases = leases_new(lease_dir, network);
        return read_file(leases, error) ? g_steal_pointer(&leases) : NULL;
}

void leases_free(Leases *leases) {
        if (!leases)
                return;
        fd_close(&leases->lock_fd);
        g_free(leases->path);
        g_ptr_array_unref(leases->items);
        g_array_unref(leases->last);
        g_free(leases);
}

static void append_words(GString *text, const GPtrArray *words) {
        for (guint i = 0; i < words->len; i++)
                g_string_append_printf(text, "%s%s", i > 0 ? "," : "", (char *) words->pdata[i]);
        if (words->len == 0)
                g_string_append_c(text, '-');
}

static void append_ports(GString *text, const GArray *ports) {
        for (guint i = 0; i < ports->len; i++) {
                const PortMapping *m = &g_array_index(ports, PortMapping, i);
                g_autofree char *host = ip_format(&m->host);
                g_string_append_printf(
                                text, "%s%d/%s/%u/%u/%u", i > 0 ? "," : "", m->protocol, host,
                                m->host_port, m->container_port, m->count);
        }
        if (ports->len == 0)
                g_string_append_c(text, '-');
}

static void append_lease(GString *text, const Lease *lease) {
        g_autofree char *mac = mac_format(&lease->mac);
        g_string_append_printf(text, "lease %s ", lease->id);
        if (lease->owner.path)
                g_string_append_printf(
                                text, "%ju:%s", (uintmax_t) lease->owner.inode, lease->owner.path);
        else
                g_string_append_printf(
                                text, "%d:%ju", (int) lease->owner.pid,
                                (uintmax_t) lease->owner.start_ticks);
        g_string_append_printf(text, " %s %s ", lease->interface, mac);
        for (guint i = 0; i < lease->addresses->len; i++) {
                g_autofree char *address =
                                ip_format(&g_array_index(lease->addresses, IpAddress, i));
                g_string_append_printf(text, "%s%s", i > 0 ? "," : "", address);
        }
        g_string_append(text, lease->addresses->len > 0 ? " " : "- ");
        append_ports(text, lease->ports);
        g_string_append_c(text, ' ');
        append_words(text, lease->names);
        g_string_append_c(text, ' ');
        append_words(text, lease->dns);
        g_string_append_c(text, '\n');
}

bool leases_save(Leases *leases, GError **error) {
        g_autoptr(GString) text = g_string_new("last");
        for (guint i = 0; i < leases->last->len; i++) {
                const IpAddress *last = &g_array_index(leases->last, IpAddress, i);
                g_autofree char *address = last->family ? ip_format(last) : g_strdup("-");
                g_string_append_printf(text, " %s", address);
        }
        g_string_append_c(text, '\n');
        for (guint i = 0; i < leases->items->len; i++)
                append_lease(text, leases->items->pdata[i]);
        return file_replace(
                        AT_FDCWD, leases->path, text->str, text->len, 0600, FILE_VOLATILE, error);
}

Lease *leases_find(const Leases *leases, const char *id, const char *interface) {
        for (guint i = 0; i < leases->items->len; i++) {
                Lease *lease = leases->items->pdata[i];
                if (strcmp(lease->id, id) == 0 &&
                    (!interface || strcmp(lease->interface, interface) == 0))
                        return lease;
        }
        return NULL;
}

GPtrArray *leases_take_void(Leases *leases, bool strict) {
        GPtrArray *taken = g_ptr_array_new_with_free_func((GDestroyNotify) lease_free);
        for (guint i = leases->items->len; i > 0; i--)
                if (!lease_is_live(leases->items->pdata[i - 1], strict))
                        g_ptr_array_add(taken, g_ptr_array_steal_index(leases->items, i - 1));
        return taken;
}

static bool is_taken(const Leases *leases, const IpAddress *address) {
        for (guint i = 0; i < leases->items->len; i++) {
                const Lease *lease = leases->items->pdata[i];
                for (guint k = 0; k < lease->addresses->len; k++)
                        if (ip_compare(&g_array_index(lease->addresses, IpAddress, k), address) ==
                            0)
                                return true;
        }
        return false;
}

static bool
take_wanted(const Leases *leases, const Network *network, const IpAddress *wanted, GError **error) {
        g_autofree char *text = ip_format(wanted);
        for (guint i = 0; i < network->subnets->len; i++) {
                const NetworkSubnet *s = &g_array_index(network->subnets, NetworkSubnet, i);
                if (!subnet_contains(&s->subnet, wanted))
                        continue;
                if (s->gateway.family && ip_compare(&s->gateway, wanted) == 0 &&
                    strcmp(network->driver, "bridge") == 0)
                        return error_set_invalid(
                                        error,
                                        "requested static ip %s is the gateway of network %s", text,
                                        network->name);
                if (is_taken(leases, wanted))
                        return error_set(
                                        error, ERROR_ERRNO, EADDRINUSE,
                                        "IPAM error: requested ip address %s is already allocated "
                                        "to another container of network %s",
                                        text, network->name);
                return true;
        }
        return error_set_invalid(
                        error, "requested static ip %s not in any subnet on network %s", text,
                        network->name);
}

/* The middle of an IPv4 range; IPv6 ranges are too wide for anyone to come near by counting. */
static IpAddress middle(const IpAddress *first, const IpAddress *last) {
        IpAddress result = *first;
        if (first->family != AF_INET)
                return ip_add(result, 1 << 16);
        uint32_t a, b;
        memcpy(&a, first->bytes, 4);
        memcpy(&b, last->bytes, 4);
        uint32_t half = htonl((uint32_t) (((uint64_t) ntohl(a) + ntohl(b)) / 2));
        memcpy(result.bytes, &half, 4);
        return result;
}

/* The next free one behind the last given, round the range once. */
static bool
take_next(const Leases *leases,
          const NetworkSubnet *s,
          bool from_middle,
          IpAddress *last_given,
          IpAddress *ret_address) {
        IpAddress first = s->range_start.family ? s->range_start : subnet_first(&s->subnet);
        IpAddress last = subnet_last(&s->subnet);
        /* the range that Podman writes may end with the subnet's broadcast address */
        if (s->range_end.family && ip_compare(&s->range_end, &last) < 0)
                last = s->range_end;
        bool has_last = last_given->family == first.family && ip_compare(last_given, &first) >= 0 &&
                        ip_compare(last_given, &last) < 0;
        IpAddress start = has_last      ? ip_add(*last_given, 1)
                          : from_middle ? middle(&first, &last)
                                        : first;
        IpAddress at = start;
        do {
                bool gateway = s->gateway.family && ip_compare(&at, &s->gateway) == 0;
                if (!gateway && !is_taken(leases, &at)) {
                        *ret_address = *last_given = at;
                        return true;
                }
                at = ip_compare(&at, &last) >= 0 ? first : ip_add(at, 1);
        } while (ip_compare(&at, &start) != 0);
        return false;
}

bool leases_allocate(
                Leases *leases,
                const Network *network,
                const GArray *wanted,
                bool from_middle,
                Lease *lease,
                GError **error) {
        for (guint i = 0; wanted && i < wanted->len; i++)
                if (!take_wanted(leases, network, &g_array_index(wanted, IpAddress, i), error))
                        return false;
        g_array_set_size(leases->last, network->subnets->len);
        for (guint i = 0; i < network->subnets->len; i++) {
                const NetworkSubnet *s = &g_array_index(network->subnets, NetworkSubnet, i);
                IpAddress address = { 0 };
                for (guint k = 0; wanted && k < wanted->len; k++)
                        if (subnet_contains(&s->subnet, &g_array_index(wanted, IpAddress, k)))
                                address = g_array_index(wanted, IpAddress, k);
                if (address.family == 0 &&
                    !take_next(leases, s, from_middle, &g_array_index(leases->last, IpAddress, i),
                               &address)) {
                        g_autofree char *text = subnet_format(&s->subnet);
                        return error_set(
                                        error, ERROR_ERRNO, ENOSPC,
                                        "IPAM error: failed to find free IP in range of subnet %s "
                                        "of network %s",
                                        text, network->name);
                }
                g_array_append_val(lease->addresses, address);
        }
        return true;
}

static int by_text(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

char **leases_networks(const char *lease_dir) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        DIR *dir = opendir(lease_dir);
        for (struct dirent *e; dir && (e = readdir(dir));)
                if (e->d_name[0] != '.' && g_str_has_suffix(e->d_name, ".leases")) {
                        g_autofree char *name = g_strndup(e->d_name, strlen(e->d_name) - 7);
                        g_strv_builder_add(builder, name);
                }
        if (dir)
                closedir(dir);
        char **names = g_strv_builder_end(builder);
        qsort(names, g_strv_length(names), sizeof *names, by_text);
        return names;
}
