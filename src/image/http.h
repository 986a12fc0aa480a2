/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* HTTP requests by libcurl; the one file that knows it. A client is one connection: one thread at a
 * time. Redirects are followed, credentials never across hosts. */

typedef enum ImageError {
        IMAGE_ERROR_UNREACHABLE,  /* no connection, or it broke: may be tried again */
        IMAGE_ERROR_STALLED,      /* too few bytes for too long */
        IMAGE_ERROR_UNAUTHORIZED, /* 401, 403 */
        IMAGE_ERROR_NOT_FOUND,
        IMAGE_ERROR_REFUSED,   /* the server said no in another way */
        IMAGE_ERROR_UNTRUSTED, /* policy.json says no */
        IMAGE_ERROR_CANCELLED, /* another layer failed first */
} ImageError;
#define IMAGE_ERROR image_error_quark()
GQuark image_error_quark(void);

#define HTTP_REDIRECTS_MAX 10
#define HTTP_STALL_SECONDS 30 /* below HTTP_STALL_BYTES a second for so long: give up */
#define HTTP_STALL_BYTES   512

typedef struct HttpTls {
        char *ca_bundle;   /* PEM text of the system's roots and the registry's own; NULL: system */
        char *client_cert; /* paths, or NULL */
        char *client_key;
} HttpTls;

typedef struct HttpResponse {
        long status;
        char *content_type; /* without parameters, lower case */
        char *content_range;
        char *docker_digest; /* Docker-Content-Digest: compared, never trusted */
        char *retry_after;
        char *link;
        GPtrArray *challenges;    /* WWW-Authenticate values */
        GPtrArray *warnings;      /* Warning texts */
        bool signature_extension; /* X-Registry-Supports-Signatures */
        GBytes *body;             /* never NULL after success */
} HttpResponse;

typedef struct HttpRequest {
        const char *url;
        const char *what;          /* for errors: "manifest 'x'", "layer 'y'" */
        const char *authorization; /* value of the header, or NULL */
        const char *accept;        /* value, or NULL */
        const char *content_type;  /* of body */
        const char *body;          /* makes it a POST, or NULL */
        bool head;                 /* HEAD instead of GET */
        bool insecure;             /* no certificate check, plain http allowed */
        const HttpTls *tls;        /* or NULL */
        const char *unix_socket;   /* path of a local server, or NULL */
        int64_t offset;            /* Range: bytes=offset- */
        size_t limit;              /* of a body that is kept */
        /* With a sink a 2xx body is streamed; any other status keeps its body.
         * begin() comes before its first byte and sees the headers. */
        bool (*begin)(void *data, const HttpResponse *response, GError **error); /* or NULL */
        bool (*sink)(void *data, const void *bytes, size_t size, GError **error);
        void *data;
        const int *cancel; /* g_atomic_int; non-zero stops the transfer. Or NULL */
} HttpRequest;

void http_response_clear(HttpResponse *response);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HttpResponse, http_response_clear)

typedef struct HttpClient HttpClient;
HttpClient *http_client_new(void);
void http_client_free(HttpClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpClient, http_client_free)

/* True when the server answered, with whatever status. */
bool http_perform(
                HttpClient *client,
                const HttpRequest *request,
                HttpResponse *ret_response,
                GError **error);

char *http_escape(const char *text); /* for queries; caller frees */
