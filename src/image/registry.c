/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to one repository: which scheme, which credentials, which tokens. */
#include "image/registry.h"

#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "config/auth-file.h"
#include "config/certs-d.h"
#include "image/challenge.h"

#define REPLY_SIZE_MAX   (1u << 20)
#define TOKEN_SECONDS    60 /* at least, distribution's token specification */
#define TOO_MANY_TRIES   5  /* answers 429 in a row */
#define RETRY_SECONDS    60 /* longest wait that a registry may ask for */
#define SYSTEM_CA_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define CA_SIZE_MAX      (8u << 20)

struct Registry {
        OciReference *name;
        char *host; /* that answers: docker.io's is another */
        bool insecure;
        unsigned int retries;
        Credentials credentials;
        HttpTls tls;
        bool has_tls;

        GMutex mutex; /* of what follows */
        GQueue clients;
        char *base; /* "https://host", once pinged */
        Challenge challenge;
        char *token;
        gint64 token_until_usec;
        bool signature_extension;
};

/* libcurl replaces the system's roots by what it is given, so ours are added to a copy. */
static bool load_authorities(Registry *registry, const RegistryCerts *certs, GError **error) {
        if (certs->authorities->len == 0)
                return true;
        g_autoptr(GString) bundle = g_string_new(NULL);
        g_autofree char *system = NULL;
        if (file_read_text(AT_FDCWD, SYSTEM_CA_BUNDLE, CA_SIZE_MAX, &system, NULL))
                g_string_append(bundle, system);
        for (guint i = 0; i < certs->authorities->len; i++) {
                g_autofree char *text = NULL;
                if (!file_read_text(AT_FDCWD, certs->authorities->pdata[i], CA_SIZE_MAX, &text,
                                    error))
                        return false;
                g_string_append_printf(bundle, "\n%s\n", text);
        }
        registry->tls.ca_bundle = g_string_free(g_steal_pointer(&bundle), FALSE);
        registry->has_tls = true;
        return true;
}

static bool load_certs(Registry *registry, const char *directory, GError **error) {
        g_auto(RegistryCerts) certs = { 0 };
        if (!certs_d_find(directory, registry->name->domain, &certs, error) ||
            !load_authorities(registry, &certs, error))
                return false;
        registry->tls.client_cert = g_steal_pointer(&certs.cert);
        registry->tls.client_key = g_steal_pointer(&certs.key);
        registry->has_tls = registry->has_tls || registry->tls.client_cert;
        return true;
}

static bool load_credentials(Registry *registry, const RegistryOptions *options, GError **error) {
        if (!options->creds) {
                g_autofree char *key = oci_reference_format_repository(registry->name);
                return auth_find(options->auth_file, key, &registry->credentials, error);
        }
        const char *colon = strchr(options->creds, ':');
        if (!colon)
                return error_set_invalid(error, "--creds: expected USER:PASSWORD");
        registry->credentials.user = g_strndup(options->creds, (size_t) (colon - options->creds));
        registry->credentials.password = g_strdup(colon + 1);
        return true;
}

Registry *
registry_new(const OciReference *name,
             bool insecure,
             const RegistryOptions *options,
             GError **error) {
        g_autoptr(Registry) registry = g_new0(Registry, 1);
        g_mutex_init(&registry->mutex);
        g_queue_init(&registry->clients);
        registry->name = oci_reference_copy(name);
        registry->host =
                        g_strdup(g_str_equal(name->domain, "docker.io") ? "registry-1.docker.io"
                                                                        : name->domain);
        registry->insecure = options->tls_verify >= 0 ? !options->tls_verify : insecure;
        registry->retries = options->retries;
        if (!load_credentials(registry, options, error) ||
            !load_certs(registry, options->cert_dir, error))
                return NULL;
        return g_steal_pointer(&registry);
}

void registry_free(Registry *registry) {
        if (!registry)
                return;
        g_queue_clear_full(&registry->clients, (GDestroyNotify) http_client_free);
        g_mutex_clear(&registry->mutex);
        oci_reference_free(registry->name);
        g_free(registry->host);
        credentials_clear(&registry->credentials);
        g_free(registry->tls.ca_bundle);
        g_free(registry->tls.client_cert);
        g_free(registry->tls.client_key);
        g_free(registry->base);
        challenge_clear(&registry->challenge);
        if (registry->token)
                explicit_bzero(registry->token, strlen(registry->token));
        g_free(registry->token);
        g_free(registry);
}

const OciReference *registry_name(const Registry *registry) {
        return registry->name;
}

bool registry_has_signatures(const Registry *registry) {
        return registry->signature_extension;
}

static HttpClient *take_client(Registry *registry) {
        g_mutex_lock(&registry->mutex);
        HttpClient *client = g_queue_pop_head(&registry->clients);
        g_mutex_unlock(&registry->mutex);
        return client ? client : http_client_new();
}

static void give_client(Registry *registry, HttpClient *client) {
        g_mutex_lock(&registry->mutex);
        g_queue_push_head(&registry->clients, client);
        g_mutex_unlock(&registry->mutex);
}

static void set_transport(const Registry *registry, HttpRequest *request) {
        request->insecure = registry->insecure;
        request->tls = registry->has_tls ? &registry->tls : NULL;
}

static void take_challenge(Registry *registry, const HttpResponse *response) {
        for (guint i = 0; i < response->challenges->len; i++) {
                g_auto(Challenge) challenge = { 0 };
                if (!challenge_parse(response->challenges->pdata[i], &challenge))
                        continue;
                challenge_clear(&registry->challenge);
                registry->challenge = challenge;
                challenge = (Challenge){ 0 };
                return;
        }
}

/* GET /v2/ tells whether and how to authenticate. Plain http is tried only where the configuration
 * allows insecure access. Called with the mutex. */
static bool ping(Registry *registry, HttpClient *client, GError **error) {
        if (registry->base)
                return true;
        static const char *const schemes[] = { "https", "http" };
        g_autoptr(GError) first = NULL;
        for (size_t i = 0; i < (registry->insecure ? 2 : 1); i++) {
                g_autofree char *base = g_strconcat(schemes[i], "://", registry->host, NULL);
                g_autofree char *url = g_strconcat(base, "/v2/", NULL);
                g_autofree char *what =
                                g_strdup_printf("an answer of registry '%s'", registry->host);
                HttpRequest request = { .url = url, .what = what, .limit = REPLY_SIZE_MAX };
                set_transport(registry, &request);
                g_auto(HttpResponse) response = { 0 };
                if (!http_perform(client, &request, &response, first ? NULL : &first))
                        continue;
                if (response.status != 200 && response.status != 401) {
                        if (first)
                                continue;
                        error_set(&first, IMAGE_ERROR, IMAGE_ERROR_REFUSED,
                                  "registry '%s' answers status %ld to '%s'", registry->host,
                                  response.status, url);
                        continue;
                }
                if (response.status == 401)
                        take_challenge(registry, &response);
                registry->signature_extension = response.signature_extension;
                registry->base = g_steal_pointer(&base);
                return true;
        }
        g_propagate_error(error, g_steal_pointer(&first));
        return false;
}

static char *basic_header(const Credentials *credentials) {
        g_autofree char *plain = g_strconcat(credentials->user, ":", credentials->password, NULL);
        g_autofree char *encoded = g_base64_encode((const guchar *) plain, strlen(plain));
        explicit_bzero(plain, strlen(plain));
        return g_strconcat("Basic ", encoded, NULL);
}

/* "realm?account=…&service=…&scope=…"; the realm may have a query already. */
static char *token_query(const Registry *registry, const char *scope) {
        const Challenge *challenge = &registry->challenge;
        GString *query = g_string_new(NULL);
        const struct {
                const char *name, *value;
        } rows[] = {
                { "account", registry->credentials.user },
                { "service", challenge->service },
                { "scope", scope },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                if (!rows[i].value || !*rows[i].value)
                        continue;
                g_autofree char *value = http_escape(rows[i].value);
                g_string_append_printf(
                                query, "%s%s=%s", query->len > 0 ? "&" : "", rows[i].name, value);
        }
        return g_string_free(query, FALSE);
}

static bool take_token(Registry *registry, const HttpResponse *response, GError **error) {
        gsize size;
        const char *text = g_bytes_get_data(response->body, &size);
        g_autoptr(JsonNode) node = NULL;
        JsonObject *root;
        const char *token, *access_token;
        int64_t seconds;
        if (!json_parse_object(
                            text, size, REPLY_SIZE_MAX, "answer of the token server", &node, &root,
                            error) ||
            !json_get_string(root, "token", &token, error) ||
            !json_get_string(root, "access_token", &access_token, error) ||
            !json_get_int(root, "expires_in", &seconds, error))
                return false;
        if (!token || !*token)
                token = access_token;
        if (!token || !*token || strpbrk(token, "\r\n"))
                return error_set_invalid(error, "the token server gave no token");
        g_free(registry->token);
        registry->token = g_strdup(token);
        seconds = CLAMP(seconds, TOKEN_SECONDS, 24 * 3600);
        /* a little earlier than it says: requests take time */
        registry->token_until_usec = g_get_monotonic_time() + (seconds - 10) * G_USEC_PER_SEC;
        return true;
}

/* An identity token is exchanged by POST (OAuth 2), anything else by GET. */
static bool fetch_token(Registry *registry, HttpClient *client, const char *scope, GError **error) {
        const Challenge *challenge = &registry->challenge;
        g_autofree char *query = token_query(registry, scope);
        g_autofree char *what = g_strdup_printf("a token for registry '%s'", registry->host);
        HttpRequest request = { .what = what, .limit = REPLY_SIZE_MAX };
        set_transport(registry, &request);
        g_autofree char *url = NULL;
        g_autofree char *form = NULL;
        g_autofree char *authorization = NULL;
        if (registry->credentials.identity_token) {
                g_autofree char *refresh = http_escape(registry->credentials.identity_token);
                form = g_strconcat(
                                "grant_type=refresh_token&client_id=berth&refresh_token=", refresh,
                                "&", query, NULL);
                request.body = form;
                request.content_type = "application/x-www-form-urlencoded";
                url = g_strdup(challenge->realm);
        } else {
                url =
                                g_strconcat(challenge->realm,
                                            strchr(challenge->realm, '?') ? "&" : "?", query, NULL);
                if (registry->credentials.user)
                        request.authorization = authorization =
                                        basic_header(&registry->credentials);
        }
        request.url = url;
        g_auto(HttpResponse) response = { 0 };
        if (!http_perform(client, &request, &response, error))
                return false;
        if (response.status == 401 || response.status == 403)
                return error_set(
                                error, IMAGE_ERROR, IMAGE_ERROR_UNAUTHORIZED,
                                "registry '%s': unable to retrieve auth token: invalid "
                                "username/password (status %ld)",
                                registry->host, response.status);
        if (response.status != 200)
                return error_set(
                                error, IMAGE_ERROR, IMAGE_ERROR_REFUSED,
                                "registry '%s': the token server answers status %ld",
                                registry->host, response.status);
        return take_token(registry, &response, error);
}

/* The Authorization header for the next request, or NULL for none. A scope that the registry asked
 * for in a 401 makes a fresh token. */
static bool
authorize(Registry *registry,
          HttpClient *client,
          const char *wanted_scope,
          char **ret_header,
          GError **error) {
        *ret_header = NULL;
        g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->mutex);
        if (!ping(registry, client, error))
                return false;
        if (registry->challenge.scheme == CHALLENGE_BASIC && registry->credentials.user)
                *ret_header = basic_header(&registry->credentials);
        if (registry->challenge.scheme != CHALLENGE_BEARER)
                return true;
        if (wanted_scope || !registry->token ||
            g_get_monotonic_time() > registry->token_until_usec) {
                g_autofree char *own =
                                g_strconcat("repository:", registry->name->path, ":pull", NULL);
                if (!fetch_token(registry, client, wanted_scope ? wanted_scope : own, error))
                        return false;
        }
        *ret_header = g_strconcat("Bearer ", registry->token, NULL);
        return true;
}

/* The registry's own words: {"errors":[{"code","message"}]}. */
static char *error_text(const HttpResponse *response) {
        gsize size;
        const char *text = g_bytes_get_data(response->body, &size);
        g_autoptr(JsonNode) node = NULL;
        JsonObject *root, *first;
        JsonArray *errors = NULL;
        const char *code = NULL, *message = NULL;
        if (size > 0 &&
            json_parse_object(text, size, REPLY_SIZE_MAX, "error", &node, &root, NULL) &&
            json_get_array(root, "errors", &errors, NULL) && errors &&
            json_array_get_length(errors) > 0 && json_element_object(errors, 0, &first, NULL)) {
                (void) json_get_string(first, "code", &code, NULL);
                (void) json_get_string(first, "message", &message, NULL);
        }
        g_autofree char *joined =
                        g_strdup_printf("%s%s%.500s", code ? code : "", code && message ? ": " : "",
                                        message ? message : "");
        return text_sanitize(joined);
}

static bool
status_error(const Registry *registry,
             const HttpRequest *request,
             const HttpResponse *response,
             GError **error) {
        g_autofree char *text = error_text(response);
        int code = response->status == 404                              ? IMAGE_ERROR_NOT_FOUND
                   : response->status == 401 || response->status == 403 ? IMAGE_ERROR_UNAUTHORIZED
                   : response->status >= 500                            ? IMAGE_ERROR_UNREACHABLE
                                                                        : IMAGE_ERROR_REFUSED;
        const char *meaning = code == IMAGE_ERROR_NOT_FOUND      ? "not found"
                              : code == IMAGE_ERROR_UNAUTHORIZED ? "access denied"
                                                                 : "refused";
        return error_set(
                        error, IMAGE_ERROR, code,
                        "registry '%s' has no %s for us: %s (status %ld%s%s)", registry->host,
                        request->what, meaning, response->status, *text ? ", " : "", text);
}

/* Seconds that a 429 asks us to wait; doubling from 2 when it does not say. */
static unsigned int retry_after(const HttpResponse *response, unsigned int attempt) {
        uint64_t seconds = 2u << attempt;
        if (response->retry_after && !text_parse_uint64(response->retry_after, 3600, &seconds))
                seconds = 2u << attempt;
        return (unsigned int) CLAMP(seconds, 1, RETRY_SECONDS);
}

static void show_warnings(const HttpResponse *response) {
        for (guint i = 0; i < response->warnings->len; i++)
                log_warning("registry: %s", (char *) response->warnings->pdata[i]);
}

/* One request with authentication, repeated once for a scope that was not covered, and on 429. A
 * path that begins with "/" is the registry's, any other the repository's. */
static bool
attempt(Registry *registry,
        HttpClient *client,
        const char *path,
        const HttpRequest *base,
        HttpResponse *ret_response,
        GError **error) {
        g_autofree char *scope = NULL;
        bool renewed = false;
        for (unsigned int tries = 0;; tries++) {
                g_autofree char *authorization = NULL;
                if (!authorize(registry, client, scope, &authorization, error))
                        return false;
                g_clear_pointer(&scope, g_free);
                g_autofree char *url =
                                *path == '/' ? g_strconcat(registry->base, path, NULL)
                                             : g_strconcat(registry->base, "/v2/",
                                                           registry->name->path, "/", path, NULL);
                HttpRequest request = *base;
                request.url = url;
                request.authorization = authorization;
                request.limit = base->limit ? base->limit : REPLY_SIZE_MAX;
                set_transport(registry, &request);
                g_auto(HttpResponse) response = { 0 };
                if (!http_perform(client, &request, &response, error))
                        return false;
                show_warnings(&response);
                if (response.status == 429 && tries < TOO_MANY_TRIES) {
                        g_usleep(retry_after(&response, tries) * G_USEC_PER_SEC);
                        continue;
                }
                if (response.status == 401 && !renewed) {
                        g_mutex_lock(&registry->mutex);
                        take_challenge(registry, &response);
                        scope = g_strdup(registry->challenge.scope);
                        g_clear_pointer(&registry->token, g_free);
                        g_mutex_unlock(&registry->mutex);
                        renewed = true;
                        continue;
                }
                if (response.status < 200 || response.status > 299)
                        return status_error(registry, &request, &response, error);
                *ret_response = response;
                response = (HttpResponse){ 0 };
                return true;
        }
}

bool registry_get(
                Registry *registry,
                const char *path,
                const HttpRequest *base,
                HttpResponse *ret_response,
                GError **error) {
        HttpClient *client = take_client(registry);
        bool ok = attempt(registry, client, path, base, ret_response, error);
        give_client(registry, client);
        return ok;
}

bool registry_get_path(
                Registry *registry,
                const char *path,
                const HttpRequest *base,
                HttpResponse *ret_response,
                GError **error) {
        g_assert(*path == '/');
        return registry_get(registry, path, base, ret_response, error);
}

bool registry_ping(Registry *registry, GError **error) {
        HttpClient *client = take_client(registry);
        g_autofree char *authorization = NULL;
        bool ok = authorize(registry, client, "", &authorization, error);
        if (ok && registry->challenge.scheme == CHALLENGE_BASIC) {
                g_autofree char *url = g_strconcat(registry->base, "/v2/", NULL);
                HttpRequest request = { .url = url,
                                        .what = "access",
                                        .authorization = authorization };
                set_transport(registry, &request);
                g_auto(HttpResponse) response = { 0 };
                ok = http_perform(client, &request, &response, error);
                if (ok && response.status == 401)
                        ok = error_set(error, IMAGE_ERROR, IMAGE_ERROR_UNAUTHORIZED,
                                       "logging into \"%s\": invalid username/password",
                                       registry->name->domain);
        }
        give_client(registry, client);
        return ok;
}

bool registry_get_foreign(
                Registry *registry,
                const HttpRequest *base,
                HttpResponse *ret_response,
                GError **error) {
        HttpClient *client = take_client(registry);
        HttpRequest request = *base;
        request.authorization = NULL;
        bool ok = http_perform(client, &request, ret_response, error);
        give_client(registry, client);
        return ok;
}
