/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of registries, page by page. */
#include "image/search.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

#define PAGE_SIZE_MAX (4u << 20)
#define PAGES_MAX     1000
#define HUB           "docker.io"
#define HUB_SEARCH    "https://index.docker.io"

static void result_free(gpointer data) {
        SearchResult *result = data;
        g_free(result->name);
        g_free(result->description);
        g_free(result);
}

/* RFC 8288: `</v2/_catalog?last=b&n=100>; rel="next"`. Only a path: another host is none of ours.
 */
static char *next_page(const HttpResponse *response) {
        const char *link = response->link;
        if (!link || *link != '<' || link[1] != '/' || !strstr(link, "rel=\"next\""))
                return NULL;
        const char *end = strchr(link, '>');
        return end ? g_strndup(link + 1, (size_t) (end - link - 1)) : NULL;
}

static bool
fetch(Registry *registry,
      const char *path,
      const char *what,
      JsonNode **ret_node,
      JsonObject **ret_object,
      char **ret_next,
      GError **error) {
        const HttpRequest request = { .what = what, .limit = PAGE_SIZE_MAX };
        g_auto(HttpResponse) response = { 0 };
        if (!registry_get_path(registry, path, &request, &response, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(response.body, &size);
        if (!json_parse_object(text, size, PAGE_SIZE_MAX, what, ret_node, ret_object, error))
                return false;
        *ret_next = next_page(&response);
        return true;
}

typedef bool (*TakeName)(const char *name, void *data); /* false: enough */

/* A list of strings, member of each page's object. */
static bool
read_pages(Registry *registry,
           const char *first,
           const char *what,
           const char *member,
           TakeName take,
           void *data,
           GError **error) {
        g_autofree char *path = g_strdup(first);
        for (guint page = 0; path; page++) {
                g_autoptr(JsonNode) node = NULL;
                g_autofree char *next = NULL;
                g_auto(GStrv) names = NULL;
                JsonObject *object;
                if (page == PAGES_MAX)
                        return error_set_invalid(
                                        error, "%s has more than %d pages", what, PAGES_MAX);
                if (!fetch(registry, path, what, &node, &object, &next, error) ||
                    !json_get_strings(object, member, &names, error))
                        return false;
                for (char **name = names; name && *name; name++)
                        if (!take(*name, data))
                                return true;
                g_free(path);
                path = g_steal_pointer(&next);
        }
        return true;
}

typedef struct Search {
        const char *term;
        guint limit;
        SearchWanted wanted;
        void *data;
        GPtrArray *results;
} Search;

static bool add(Search *search, SearchResult *result) {
        if (search->results->len < search->limit && search->wanted(result, search->data))
                g_ptr_array_add(search->results, result);
        else
                result_free(result);
        return search->results->len < search->limit;
}

static bool add_repository(const char *name, void *data) {
        Search *search = data;
        if (!strstr(name, search->term))
                return true;
        SearchResult *result = g_new0(SearchResult, 1);
        result->name = g_strdup(name);
        result->description = g_strdup("");
        return add(search, result);
}

static bool add_hub_results(Search *search, JsonObject *object, GError **error) {
        JsonArray *list;
        if (!json_need_array(object, "results", &list, error))
                return false;
        for (guint i = 0; i < json_array_get_length(list); i++) {
                JsonObject *entry;
                const char *name, *description;
                int64_t stars;
                bool is_official, is_automated;
                if (!json_element_object(list, i, &entry, error) ||
                    !json_need_string(entry, "name", &name, error) ||
                    !json_get_string(entry, "description", &description, error) ||
                    !json_get_int(entry, "star_count", &stars, error) ||
                    !json_get_bool(entry, "is_official", &is_official, error) ||
                    !json_get_bool(entry, "is_automated", &is_automated, error))
                        return false;
                SearchResult *result = g_new0(SearchResult, 1);
                result->name = g_strdup(name);
                result->description = g_strdup(description ? description : "");
                result->stars = stars;
                result->is_official = is_official;
                result->is_automated = is_automated;
                if (!add(search, result))
                        break;
        }
        return true;
}

/* Docker Hub's search is on a host of its own and wants nobody's password. */
static bool ask_hub(Search *search, Registry *registry, GError **error) {
        g_autofree char *term = http_escape(search->term);
        g_autofree char *path = g_strdup_printf("/v1/search?q=%s&n=%u", term, search->limit);
        g_autoptr(JsonNode) node = NULL;
        JsonObject *object;
        if (!g_str_equal(registry_name(registry)->domain, HUB)) {
                g_autofree char *next = NULL;
                return fetch(registry, path, "search", &node, &object, &next, error) &&
                       add_hub_results(search, object, error);
        }
        g_autofree char *url = g_strconcat(HUB_SEARCH, path, NULL);
        const HttpRequest request = { .url = url, .what = "search", .limit = PAGE_SIZE_MAX };
        g_auto(HttpResponse) response = { 0 };
        if (!registry_get_foreign(registry, &request, &response, error))
                return false;
        if (response.status != 200)
                return error_set(
                                error, IMAGE_ERROR, IMAGE_ERROR_REFUSED, "'%s' answers status %ld",
                                HUB_SEARCH, response.status);
        gsize size;
        const char *text = g_bytes_get_data(response.body, &size);
        return json_parse_object(text, size, PAGE_SIZE_MAX, "search", &node, &object, error) &&
               add_hub_results(search, object, error);
}

GPtrArray *search_repositories(
                Registry *registry,
                const char *term,
                guint limit,
                SearchWanted wanted,
                void *data,
                GError **error) {
        g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func(result_free);
        Search search = { term, limit, wanted, data, results };
        g_autoptr(GError) inner = NULL;
        if (*term && ask_hub(&search, registry, &inner) && results->len > 0)
                return g_steal_pointer(&results);
        /* what cannot be reached has no catalogue either */
        if (g_error_matches(inner, IMAGE_ERROR, IMAGE_ERROR_UNREACHABLE) ||
            g_str_equal(registry_name(registry)->domain, HUB)) {
                if (!inner)
                        return g_steal_pointer(&results);
                g_propagate_error(error, g_steal_pointer(&inner));
                return NULL;
        }
        g_ptr_array_set_size(results, 0);
        if (!read_pages(registry, "/v2/_catalog", "catalogue", "repositories", add_repository,
                        &search, error))
                return NULL;
        return g_steal_pointer(&results);
}

typedef struct Tags {
        GPtrArray *list;
        guint limit;
} Tags;

static bool add_tag(const char *name, void *data) {
        Tags *tags = data;
        g_ptr_array_add(tags->list, g_strdup(name));
        return tags->list->len < tags->limit;
}

GPtrArray *search_tags(Registry *registry, guint limit, GError **error) {
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
        Tags tags = { list, limit };
        g_autofree char *path =
                        g_strconcat("/v2/", registry_name(registry)->path, "/tags/list", NULL);
        if (!read_pages(registry, path, "tags", "tags", add_tag, &tags, error))
                return NULL;
        return g_steal_pointer(&list);
}
