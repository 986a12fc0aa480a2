/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP by libcurl. */
#include "image/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "build-config.h"

#define CONNECT_SECONDS 20
#define BUFFER_SIZE     (256L << 10)
#define CHALLENGES_MAX  16
#define BODY_SIZE_MAX   (16u << 20)

GQuark image_error_quark(void) {
        return g_quark_from_static_string("berth-image");
}

struct HttpClient {
        CURL *curl;
        char message[CURL_ERROR_SIZE];
};

typedef struct Transfer {
        HttpClient *client;
        const HttpRequest *request;
        HttpResponse *response;
        GByteArray *body;
        bool begun;
        GError *error; /* of the sink */
} Transfer;

HttpClient *http_client_new(void) {
        static gsize once;
        if (g_once_init_enter(&once)) {
                curl_global_init(CURL_GLOBAL_DEFAULT);
                g_once_init_leave(&once, 1);
        }
        HttpClient *client = g_new0(HttpClient, 1);
        client->curl = curl_easy_init();
        g_assert(client->curl);
        return client;
}

void http_client_free(HttpClient *client) {
        if (!client)
                return;
        curl_easy_cleanup(client->curl);
        g_free(client);
}

void http_response_clear(HttpResponse *response) {
        g_clear_pointer(&response->content_type, g_free);
        g_clear_pointer(&response->content_range, g_free);
        g_clear_pointer(&response->docker_digest, g_free);
        g_clear_pointer(&response->retry_after, g_free);
        g_clear_pointer(&response->link, g_free);
        g_clear_pointer(&response->challenges, g_ptr_array_unref);
        g_clear_pointer(&response->warnings, g_ptr_array_unref);
        g_clear_pointer(&response->body, g_bytes_unref);
}

static void reset_headers(HttpResponse *response) {
        http_response_clear(response);
        response->challenges = g_ptr_array_new_with_free_func(g_free);
        response->warnings = g_ptr_array_new_with_free_func(g_free);
        response->signature_extension = false;
}

static void replace(char **at, const char *value) {
        g_free(*at);
        *at = g_strdup(value);
}

static void take_header(HttpResponse *response, const char *name, const char *value) {
        if (g_ascii_strcasecmp(name, "content-type") == 0) {
                g_autofree char *type = g_strndup(value, strcspn(value, "; \t"));
                g_free(response->content_type);
                response->content_type = g_ascii_strdown(type, -1);
        } else if (g_ascii_strcasecmp(name, "content-range") == 0) {
                replace(&response->content_range, value);
        } else if (g_ascii_strcasecmp(name, "docker-content-digest") == 0) {
                replace(&response->docker_digest, value);
        } else if (g_ascii_strcasecmp(name, "retry-after") == 0) {
                replace(&response->retry_after, value);
        } else if (g_ascii_strcasecmp(name, "link") == 0) {
                replace(&response->link, value);
        } else if (g_ascii_strcasecmp(name, "x-registry-supports-signatures") == 0) {
                response->signature_extension = g_str_equal(value, "1");
        } else if (g_ascii_strcasecmp(name, "www-authenticate") == 0) {
                if (response->challenges->len < CHALLENGES_MAX)
                        g_ptr_array_add(response->challenges, g_strdup(value));
        } else if (g_ascii_strcasecmp(name, "warning") == 0) {
                if (response->warnings->len < CHALLENGES_MAX)
                        g_ptr_array_add(response->warnings, text_sanitize(value));
        }
}

static size_t on_header(char *bytes, size_t one, size_t size, void *data) {
        Transfer *transfer = data;
        g_autofree char *line = g_strndup(bytes, size);
        if (g_str_has_prefix(line, "HTTP/")) { /* a redirect's headers are not the answer's */
                reset_headers(transfer->response);
                return size;
        }
        char *colon = strchr(line, ':');
        if (colon) {
                *colon = '\0';
                take_header(transfer->response, g_strstrip(line), g_strstrip(colon + 1));
        }
        return size;
}

static bool stream(Transfer *transfer, const char *bytes, size_t size) {
        const HttpRequest *request = transfer->request;
        if (!transfer->begun && request->begin &&
            !request->begin(request->data, transfer->response, &transfer->error))
                return false;
        transfer->begun = true;
        return request->sink(request->data, bytes, size, &transfer->error);
}

static size_t on_body(char *bytes, size_t one, size_t size, void *data) {
        Transfer *transfer = data;
        const HttpRequest *request = transfer->request;
        long status = 0;
        curl_easy_getinfo(transfer->client->curl, CURLINFO_RESPONSE_CODE, &status);
        transfer->response->status = status;
        if (request->sink && status >= 200 && status < 300)
                return stream(transfer, bytes, size) ? size : 0;
        size_t limit = request->limit ? MIN(request->limit, BODY_SIZE_MAX) : BODY_SIZE_MAX;
        if (transfer->body->len + size > limit) {
                error_set(&transfer->error, IMAGE_ERROR, IMAGE_ERROR_REFUSED,
                          "the answer is larger than %zu bytes", limit);
                return 0;
        }
        g_byte_array_append(transfer->body, (const guint8 *) bytes, (guint) size);
        return size;
}

static int on_progress(void *data, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un) {
        const HttpRequest *request = data;
        return request->cancel && g_atomic_int_get(request->cancel) != 0;
}

/* A shorter limit is for tests, and for people whose registry is near. */
static long stall_seconds(void) {
        const char *text = g_getenv("BERTH_STALL_SEC");
        uint64_t seconds;
        if (text && text_parse_uint64(text, 3600, &seconds) && seconds > 0)
                return (long) seconds;
        return HTTP_STALL_SECONDS;
}

static void set_tls(CURL *curl, const HttpRequest *request) {
        if (request->insecure) {
                curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
                curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
        }
        if (!request->tls)
                return;
        if (request->tls->ca_bundle) {
                struct curl_blob blob = {
                        .data = request->tls->ca_bundle,
                        .len = strlen(request->tls->ca_bundle),
                        .flags = CURL_BLOB_COPY,
                };
                curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
        }
        if (request->tls->client_cert) {
                curl_easy_setopt(curl, CURLOPT_SSLCERT, request->tls->client_cert);
                curl_easy_setopt(curl, CURLOPT_SSLKEY, request->tls->client_key);
        }
}

/* As Go's programs do: what is on this machine is never asked through a proxy. */
static void set_proxy(CURL *curl, const HttpRequest *request) {
        if (request->unix_socket) {
                curl_easy_setopt(curl, CURLOPT_PROXY, "");
                return;
        }
        const char *given = g_getenv("no_proxy");
        given = given ? given : g_getenv("NO_PROXY");
        g_autofree char *direct = g_strconcat("localhost,127.0.0.0/8,::1,", given, NULL);
        /* "*" has to stand alone */
        curl_easy_setopt(curl, CURLOPT_NOPROXY, given && g_str_equal(given, "*") ? "*" : direct);
        /* libcurl takes HTTP_PROXY only in lower case; other container tools take both. */
        const char *proxy = g_getenv("HTTP_PROXY");
        if (proxy && *proxy && !g_getenv("http_proxy") && g_str_has_prefix(request->url, "http:"))
                curl_easy_setopt(curl, CURLOPT_PROXY, proxy);
        /* the registry's credentials are not for a proxy that only tunnels to it */
        curl_easy_setopt(curl, CURLOPT_HEADEROPT, (long) CURLHEADER_SEPARATE);
}

static void set_limits(CURL *curl, const HttpRequest *request) {
        const char *protocols = request->insecure || request->unix_socket ? "http,https" : "https";
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
        curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long) HTTP_REDIRECTS_MAX);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long) CONNECT_SECONDS);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long) HTTP_STALL_BYTES);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall_seconds());
        /* What is kept in memory is small: it has no excuse to take long, drop by drop or not. */
        if (!request->sink)
                curl_easy_setopt(curl, CURLOPT_TIMEOUT, 4 * stall_seconds());
}

static struct curl_slist *make_headers(const HttpRequest *request) {
        struct curl_slist *list = NULL;
        const struct {
                const char *name, *value;
        } rows[] = {
                { "Accept", request->accept },
                { "Authorization", request->authorization },
                { "Content-Type", request->content_type },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                if (!rows[i].value)
                        continue;
                g_autofree char *line = g_strconcat(rows[i].name, ": ", rows[i].value, NULL);
                list = curl_slist_append(list, line);
        }
        return list;
}

static void set_up(Transfer *transfer, struct curl_slist *headers) {
        CURL *curl = transfer->client->curl;
        const HttpRequest *request = transfer->request;
        curl_easy_reset(curl); /* keeps the connection */
        transfer->client->message[0] = '\0';
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->client->message);
        curl_easy_setopt(curl, CURLOPT_URL, request->url);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "berth/" BERTH_VERSION);
        curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, BUFFER_SIZE);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, request);
        if (request->head)
                curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        if (request->body)
                curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
        if (request->unix_socket)
                curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
        if (request->offset > 0) {
                g_autofree char *range = g_strdup_printf("%" G_GINT64_FORMAT "-", request->offset);
                curl_easy_setopt(curl, CURLOPT_RANGE, range);
        }
        set_proxy(curl, request);
        set_tls(curl, request);
        set_limits(curl, request);
}

/* Query strings of redirects carry signed permissions: they do not belong into messages. */
static char *plain_url(const char *url) {
        return g_strndup(url, strcspn(url, "?"));
}

static bool transfer_error(Transfer *transfer, CURLcode code, GError **error) {
        const HttpRequest *request = transfer->request;
        g_autofree char *url = plain_url(request->url);
        const char *message = transfer->client->message[0] ? transfer->client->message
                                                           : curl_easy_strerror(code);
        if (transfer->error) {
                g_propagate_error(error, g_steal_pointer(&transfer->error));
                return false;
        }
        switch (code) {
        case CURLE_ABORTED_BY_CALLBACK:
                return error_set(error, IMAGE_ERROR, IMAGE_ERROR_CANCELLED, "cancelled");
        case CURLE_OPERATION_TIMEDOUT:
                return error_set(
                                error, IMAGE_ERROR, IMAGE_ERROR_STALLED,
                                "Cannot get %s from '%s': the server sends nothing or too little "
                                "(%s)",
                                request->what, url, message);
        case CURLE_TOO_MANY_REDIRECTS:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
                return error_set(
                                error, IMAGE_ERROR, IMAGE_ERROR_REFUSED,
                                "Cannot get %s from '%s': %s", request->what, url, message);
        default:
                return error_set(
                                error, IMAGE_ERROR, IMAGE_ERROR_UNREACHABLE,
                                "Cannot get %s from '%s': %s", request->what, url, message);
        }
}

bool http_perform(
                HttpClient *client,
                const HttpRequest *request,
                HttpResponse *ret_response,
                GError **error) {
        g_auto(HttpResponse) response = { 0 };
        reset_headers(&response);
        Transfer transfer = { .client = client, .request = request, .response = &response };
        transfer.body = g_byte_array_new();
        struct curl_slist *headers = make_headers(request);
        set_up(&transfer, headers);
        CURLcode code = curl_easy_perform(client->curl);
        curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &response.status);
        curl_slist_free_all(headers);
        response.body = g_byte_array_free_to_bytes(transfer.body);
        if (code != CURLE_OK)
                return transfer_error(&transfer, code, error);
        *ret_response = response;
        response = (HttpResponse){ 0 };
        return true;
}

char *http_escape(const char *text) {
        return g_uri_escape_string(text, NULL, FALSE);
}
