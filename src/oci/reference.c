/* SPDX-License-Identifier: Apache-2.0 */
/* Names of images: parse, normalise, format. The grammar is the distribution project's
 * reference.go, which every registry and engine follows. */
#include "oci/reference.h"

#include <string.h>

#include "base/digest.h"
#include "base/error.h"

#define TAG_SIZE_MAX 128

void oci_reference_free(OciReference *reference) {
        if (!reference)
                return;
        g_free(reference->domain);
        g_free(reference->path);
        g_free(reference->tag);
        g_free(reference->digest);
        g_free(reference);
}

bool oci_tag_is_valid(const char *tag) {
        size_t n = strlen(tag);
        if (n == 0 || n > TAG_SIZE_MAX || tag[0] == '.' || tag[0] == '-')
                return false;
        for (size_t i = 0; i < n; i++)
                if (!g_ascii_isalnum(tag[i]) && !strchr("_.-", tag[i]))
                        return false;
        return true;
}

static bool is_lower_alnum(char c) {
        return g_ascii_islower(c) || g_ascii_isdigit(c);
}

/* One path component: runs of [a-z0-9] joined by ".", "_", "__" or any number of "-". */
static bool component_is_valid(const char *text, size_t n) {
        size_t i = 0;
        while (i < n) {
                size_t start = i;
                while (i < n && is_lower_alnum(text[i]))
                        i++;
                if (i == start)
                        return false;
                if (i == n)
                        return true;
                size_t joint = i;
                while (i < n && text[i] == text[joint] && strchr("._-", text[joint]))
                        i++;
                size_t width = i - joint;
                bool ok = text[joint] == '-'   ? width > 0
                          : text[joint] == '_' ? width <= 2 && width > 0
                                               : width == 1;
                if (!ok || i == n)
                        return false;
        }
        return false;
}

static bool path_is_valid(const char *path) {
        for (const char *at = path;;) {
                const char *slash = strchrnul(at, '/');
                if (!component_is_valid(at, (size_t) (slash - at)))
                        return false;
                if (!*slash)
                        return true;
                at = slash + 1;
        }
}

/* host[:port] or [IPv6][:port] */
static bool domain_is_valid(const char *domain) {
        const char *at = domain;
        if (*at == '[') {
                size_t n = strspn(at + 1, "0123456789abcdefABCDEF:");
                if (n == 0 || at[1 + n] != ']')
                        return false;
                at += n + 2;
        } else {
                bool edge = true; /* the next character starts a label */
                for (; *at && *at != ':'; at++) {
                        if (*at == '.' ? edge || at[-1] == '-'
                                       : !g_ascii_isalnum(*at) && (*at != '-' || edge))
                                return false;
                        edge = *at == '.';
                }
                if (edge || at[-1] == '-')
                        return false;
        }
        if (!*at)
                return true;
        size_t n = *at == ':' ? strspn(at + 1, "0123456789") : 0;
        return n > 0 && n <= 5 && at[1 + n] == '\0';
}

/* Returns the length of the domain in front of the first '/', or 0 for a short name. */
static size_t domain_size(const char *text) {
        const char *slash = strchr(text, '/');
        if (!slash)
                return 0;
        size_t n = (size_t) (slash - text);
        bool has_mark = memchr(text, '.', n) || memchr(text, ':', n);
        return has_mark || (n == 9 && memcmp(text, "localhost", 9) == 0) ? n : 0;
}

bool oci_reference_is_short(const char *text) {
        return domain_size(text) == 0;
}

static bool take_digest(char *text, const char *whole, OciReference *reference, GError **error) {
        char *at = strchr(text, '@');
        if (!at)
                return true;
        if (!digest_is_valid(at + 1))
                return error_set_invalid(
                                error, "invalid reference '%s': '%s' is not a digest", whole,
                                at + 1);
        reference->digest = g_strdup(at + 1);
        *at = '\0';
        return true;
}

static bool take_tag(char *text, const char *whole, OciReference *reference, GError **error) {
        char *slash = strrchr(text, '/');
        char *colon = strrchr(slash ? slash : text, ':');
        if (!colon)
                return true;
        if (!oci_tag_is_valid(colon + 1))
                return error_set_invalid(
                                error, "invalid reference '%s': '%s' is not a tag", whole,
                                colon + 1);
        reference->tag = g_strdup(colon + 1);
        *colon = '\0';
        return true;
}

static char *quote(const char *text) {
        g_autofree char *head = g_strndup(text, 300);
        return g_strescape(head, NULL);
}

OciReference *oci_reference_parse(const char *text, GError **error) {
        g_autoptr(OciReference) reference = g_new0(OciReference, 1);
        g_autofree char *whole = quote(text);
        if (strlen(text) > OCI_REFERENCE_SIZE_MAX + TAG_SIZE_MAX + 140) {
                error_set_invalid(error, "invalid reference '%s': too long", whole);
                return NULL;
        }
        g_autofree char *rest = g_strdup(text);
        if (!take_digest(rest, whole, reference, error) || !take_tag(rest, whole, reference, error))
                return NULL;

        size_t n = domain_size(rest);
        reference->domain = n > 0 ? g_strndup(rest, n) : g_strdup("docker.io");
        const char *path = n > 0 ? rest + n + 1 : rest;
        /* The names Docker Hub had before are the same registry. */
        if (g_str_equal(reference->domain, "index.docker.io")) {
                g_free(reference->domain);
                reference->domain = g_strdup("docker.io");
        }
        bool official = g_str_equal(reference->domain, "docker.io") && !strchr(path, '/');
        reference->path = g_strconcat(official ? "library/" : "", path, NULL);

        if (!domain_is_valid(reference->domain))
                error_set_invalid(
                                error, "invalid reference '%s': '%s' is not a registry", whole,
                                reference->domain);
        else if (!path_is_valid(reference->path))
                error_set_invalid(
                                error, "invalid reference '%s': %s", whole,
                                strpbrk(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
                                                ? "repository name must be lowercase"
                                                : "bad repository name");
        else if (strlen(reference->domain) + strlen(reference->path) > OCI_REFERENCE_SIZE_MAX)
                error_set_invalid(error, "invalid reference '%s': too long", whole);
        else
                return g_steal_pointer(&reference);
        return NULL;
}

OciReference *oci_reference_parse_tagged(const char *text, GError **error) {
        OciReference *reference = oci_reference_parse(text, error);
        if (reference && !reference->tag && !reference->digest)
                reference->tag = g_strdup("latest");
        return reference;
}

OciReference *oci_reference_copy(const OciReference *reference) {
        OciReference *copy = g_new0(OciReference, 1);
        copy->domain = g_strdup(reference->domain);
        copy->path = g_strdup(reference->path);
        copy->tag = g_strdup(reference->tag);
        copy->digest = g_strdup(reference->digest);
        return copy;
}

char *oci_reference_format(const OciReference *r) {
        return g_strconcat(
                        r->domain, "/", r->path, r->tag ? ":" : "", r->tag ? r->tag : "",
                        r->digest ? "@" : "", r->digest ? r->digest : "", NULL);
}

char *oci_reference_format_repository(const OciReference *reference) {
        return g_strconcat(reference->domain, "/", reference->path, NULL);
}

char *oci_reference_format_stored(const OciReference *r) {
        if (r->digest)
                return g_strconcat(r->domain, "/", r->path, "@", r->digest, NULL);
        return g_strconcat(r->domain, "/", r->path, ":", r->tag ? r->tag : "latest", NULL);
}

char *oci_reference_given_name(const char *text, GError **error) {
        g_autofree char *full = oci_reference_is_short(text) ? g_strconcat("localhost/", text, NULL)
                                                             : g_strdup(text);
        g_autoptr(OciReference) reference = oci_reference_parse_tagged(full, error);
        if (!reference)
                return NULL;
        if (reference->digest) {
                error_set_invalid(error, "cannot tag by digest: '%s'", text);
                return NULL;
        }
        return oci_reference_format_stored(reference);
}
