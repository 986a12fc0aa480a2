/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which a runtime configuration comes together. */
#include "runtime/spec-build.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "runtime/network.h"
#include "runtime/pod.h"
#include "runtime/spec-secret.h"
#include "runtime/user.h"

#define STOP_TIMEOUT_DEFAULT_SEC 10

/* --entrypoint: empty clears, a JSON array is taken apart, anything else is one word. */
static bool parse_entrypoint(const char *text, char ***ret_words, GError **error) {
        if (text[0] == '\0') {
                *ret_words = g_new0(char *, 1);
                return true;
        }
        if (text[0] != '[') {
                *ret_words = g_new0(char *, 2);
                (*ret_words)[0] = g_strdup(text);
                return true;
        }
        g_autofree char *wrapped = g_strdup_printf("{\"v\":%s}", text);
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object;
        return json_parse_object(
                               wrapped, strlen(wrapped), 1 << 20, "--entrypoint", &root, &object,
                               error) &&
               json_get_strings(object, "v", ret_words, error);
}

/* image-spec config.md: Entrypoint then Cmd; a given entry point drops the image's Cmd. */
static bool build_args(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);
        g_auto(GStrv) given = NULL;
        if (o->entrypoint && !parse_entrypoint(o->entrypoint, &given, error))
                return false;
        char **entrypoint = o->entrypoint    ? given
                            : request->image ? request->image->entrypoint
                                             : NULL;
        char **command = o->command ? o->command + (o->rootfs ? 0 : 1) : NULL;
        if ((!command || !*command) && !o->entrypoint && request->image)
                command = request->image->cmd;
        if (o->init) {
                g_ptr_array_add(args, g_strdup("/run/podman-init"));
                g_ptr_array_add(args, g_strdup("--"));
        }
        guint before = args->len;
        for (; entrypoint && *entrypoint; entrypoint++)
                g_ptr_array_add(args, g_strdup(*entrypoint));
        for (; command && *command; command++)
                g_ptr_array_add(args, g_strdup(*command));
        if (args->len == before)
                return error_set_invalid(
                                error, "no command or entrypoint provided, and no CMD or "
                                       "ENTRYPOINT from image");
        g_ptr_array_add(args, NULL);
        spec->args = (char **) g_ptr_array_free(g_steal_pointer(&args), FALSE);
        request->record->command = g_strdupv(spec->args + before);
        return true;
}

static bool build_user(const SpecRequest *request, OciSpec *spec, char **ret_home, GError **error) {
        const ContainerOptions *o = request->options;
        const UserNamespace *ns = request->user_namespace;
        g_autofree char *kept = NULL;
        if (ns && ns->has_user)
                kept = g_strdup_printf("%u:%u", (unsigned int) ns->uid, (unsigned int) ns->gid);
        const char *text = o->user          ? o->user
                           : kept           ? kept
                           : request->image ? request->image->user
                                            : NULL;
        g_auto(ContainerUser) user = { 0 };
        if (!user_resolve(request->root_fd, text, &user, error))
                return false;
        spec->uid = user.uid;
        spec->gid = user.gid;
        spec->user_name = g_strdup(user.name);
        g_array_append_vals(spec->additional_gids, user.groups->data, user.groups->len);
        for (guint i = 0; o->group_add && i < o->group_add->len; i++) {
                gid_t gid;
                const char *name = o->group_add->pdata[i];
                if (strcmp(name, "keep-groups") == 0)
                        return error_set_invalid(
                                        error, "--group-add keep-groups needs a container with a "
                                               "user namespace");
                if (!user_resolve_group(request->root_fd, name, &gid, error))
                        return false;
                g_array_append_val(spec->additional_gids, gid);
        }
        if (o->umask) {
                char *end = NULL;
                guint64 mask = g_ascii_strtoull(o->umask, &end, 8);
                if (end == o->umask || *end || mask > 0777)
                        return error_set_invalid(error, "invalid umask '%s'", o->umask);
                spec->umask = (mode_t) mask;
        }
        *ret_home = g_strdup(user.home);
        return true;
}

static bool build_stop(const SpecRequest *request, GError **error) {
        const ContainerOptions *o = request->options;
        ContainerRecord *record = request->record;
        const char *text = o->stop_signal   ? o->stop_signal
                           : request->image ? request->image->stop_signal
                                            : NULL;
        record->stop_signal = text && *text ? text_parse_signal(text) : SIGTERM;
        if (record->stop_signal < 0) {
                if (o->stop_signal)
                        return error_set_invalid(error, "invalid signal: %s", text);
                record->stop_signal = SIGTERM; /* an image's mistake is not the user's */
        }
        record->stop_timeout_sec = STOP_TIMEOUT_DEFAULT_SEC;
        uint64_t seconds;
        if (o->stop_timeout) {
                if (!text_parse_uint64(o->stop_timeout, INT32_MAX, &seconds))
                        return error_set_invalid(
                                        error, "invalid stop timeout '%s'", o->stop_timeout);
                record->stop_timeout_sec = (int64_t) seconds;
        }
        return true;
}

/* Which namespaces are shared with the host: "host", "private" or nothing given. */
static bool wants_own(const char *mode, const char *flag, bool *ret_own, GError **error) {
        if (!mode || strcmp(mode, "private") == 0) {
                *ret_own = true;
                return true;
        }
        if (strcmp(mode, "host") != 0)
                return error_set_invalid(
                                error, "--%s '%s' is not supported, use \"private\" or \"host\"",
                                flag, mode);
        *ret_own = false;
        return true;
}

/* Of a pod's namespaces those that the container is not said to have for itself. */
static void share_namespaces(const SpecRequest *request, OciSpec *spec) {
        const ContainerOptions *o = request->options;
        const struct {
                const char *name, *mode;
                int type;
        } rows[] = { { "ipc", o->ipc, OCI_NAMESPACE_IPC }, { "uts", o->uts, OCI_NAMESPACE_UTS } };
        for (size_t i = 0; request->pod && i < G_N_ELEMENTS(rows); i++)
                if (!rows[i].mode && pod_shares(request->pod, rows[i].name))
                        spec->namespaces[rows[i].type].path =
                                        g_build_filename(request->pod_path, rows[i].name, NULL);
}

static bool build_namespaces(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        const UserNamespace *ns = request->user_namespace;
        spec->namespaces[OCI_NAMESPACE_MOUNT].present = true;
        if (ns && (ns->is_new || ns->path)) {
                spec->namespaces[OCI_NAMESPACE_USER].present = true;
                spec->namespaces[OCI_NAMESPACE_USER].path = g_strdup(ns->path);
                g_array_append_vals(spec->uid_mappings, ns->uids->data, ns->uids->len);
                g_array_append_vals(spec->gid_mappings, ns->gids->data, ns->gids->len);
        }
        if (ns && ns->is_automatic)
                g_hash_table_insert(
                                spec->annotations, g_strdup(SPEC_ANNOTATION_IDS),
                                user_namespace_claim_name(ns));
        share_namespaces(request, spec);
        return wants_own(o->pid, "pid", &spec->namespaces[OCI_NAMESPACE_PID].present, error) &&
               wants_own(o->ipc, "ipc", &spec->namespaces[OCI_NAMESPACE_IPC].present, error) &&
               wants_own(o->uts, "uts", &spec->namespaces[OCI_NAMESPACE_UTS].present, error) &&
               wants_own(o->cgroupns, "cgroupns", &spec->namespaces[OCI_NAMESPACE_CGROUP].present,
                         error) &&
               network_build(request, spec, error);
}

static bool build_hostname(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        struct utsname host;
        bool own_uts = spec->namespaces[OCI_NAMESPACE_UTS].present;
        bool shares_uts = spec->namespaces[OCI_NAMESPACE_UTS].path;
        if (shares_uts && o->hostname && *o->hostname)
                return error_set_invalid(
                                error, "invalid config provided: cannot set hostname when joining "
                                       "the pod UTS namespace: invalid configuration");
        if (shares_uts) {
                spec->hostname = g_strdup(pod_hostname(request->pod));
        } else if (o->hostname) {
                if (!own_uts)
                        return error_set_invalid(
                                        error, "cannot set hostname when running in the host UTS "
                                               "namespace");
                if (strlen(o->hostname) > 64 || strchr(o->hostname, '/') ||
                    strchr(o->hostname, '\n'))
                        return error_set_invalid(error, "invalid hostname '%s'", o->hostname);
                spec->hostname = g_strdup(o->hostname);
        } else if (spec->namespaces[OCI_NAMESPACE_NETWORK].present && own_uts) {
                spec->hostname = g_strndup(request->record->id, 12);
        } else {
                g_assert(uname(&host) == 0); /* cannot fail with a valid buffer, uname(2) */
                spec->hostname = g_strdup(host.nodename);
        }
        return true;
}

static bool add_pair(const char *text, const char *flag, GHashTable *map, GError **error) {
        const char *equal = strchr(text, '=');
        if (equal == text || *text == '\0')
                return error_set_invalid(error, "invalid --%s '%s': it has no name", flag, text);
        g_hash_table_insert(
                        map, equal ? g_strndup(text, (gsize) (equal - text)) : g_strdup(text),
                        g_strdup(equal ? equal + 1 : ""));
        return true;
}

static bool build_annotations(const SpecRequest *request, OciSpec *spec, GError **error) {
        const ContainerOptions *o = request->options;
        for (guint i = 0; o->annotation && i < o->annotation->len; i++)
                if (!add_pair(o->annotation->pdata[i], "annotation", spec->annotations, error))
                        return false;
        return true;
}

/* The image's labels, files, flags, in rising precedence. */
static bool build_labels(const SpecRequest *request, GError **error) {
        const ContainerOptions *o = request->options;
        GHashTable *labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        request->record->labels = labels;
        GHashTableIter iter;
        gpointer name, value;
        if (request->image) {
                g_hash_table_iter_init(&iter, request->image->labels);
                while (g_hash_table_iter_next(&iter, &name, &value))
                        g_hash_table_insert(labels, g_strdup(name), g_strdup(value));
        }
        for (guint i = 0; o->label_file && i < o->label_file->len; i++) {
                g_autofree char *text = NULL;
                if (!file_read_text(AT_FDCWD, o->label_file->pdata[i], 1 << 20, &text, error))
                        return false;
                g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
                for (char **line = lines; *line; line++)
                        if (**line && **line != '#' &&
                            !add_pair(*line, "label-file", labels, error))
                                return false;
        }
        for (guint i = 0; o->label && i < o->label->len; i++)
                if (!add_pair(o->label->pdata[i], "label", labels, error))
                        return false;
        return true;
}

static bool build_cwd(const SpecRequest *request, OciSpec *spec, GError **error) {
        const char *cwd = request->options->workdir;
        if (!cwd && request->image)
                cwd = request->image->working_dir;
        if (!cwd || !*cwd)
                cwd = "/";
        if (cwd[0] != '/')
                return error_set_invalid(
                                error, "working directory '%s' is not an absolute path", cwd);
        spec->cwd = g_strdup(cwd);
        return true;
}

static bool build_personality(const SpecRequest *request, OciSpec *spec, GError **error) {
        const char *text = request->options->personality;
        if (!text || !*text)
                return true;
        g_autofree char *upper = g_ascii_strup(text, -1);
        if (strcmp(upper, "LINUX") != 0 && strcmp(upper, "LINUX32") != 0)
                return error_set_invalid(
                                error, "unknown personality '%s', use LINUX or LINUX32", text);
        spec->personality_domain = g_steal_pointer(&upper);
        return true;
}

bool spec_build(const SpecRequest *request, OciSpec **ret_spec, GError **error) {
        g_autoptr(OciSpec) spec = oci_spec_new();
        g_autofree char *home = NULL;
        bool ok = build_args(request, spec, error) && build_user(request, spec, &home, error) &&
                  build_stop(request, error) && build_namespaces(request, spec, error) &&
                  build_hostname(request, spec, error) && build_personality(request, spec, error) &&
                  build_cwd(request, spec, error) && build_annotations(request, spec, error) &&
                  build_labels(request, error) &&
                  spec_build_environment(request, home, spec, error) &&
                  spec_build_mounts(request, spec, error) &&
                  spec_build_files(request, spec, error) &&
                  spec_build_volumes(request, spec, error) &&
                  spec_build_systemd(request, spec, error) &&
                  spec_build_accounts(request, spec, error) &&
                  spec_build_secrets(request, spec, error) &&
                  spec_build_security(request, spec, error) &&
                  spec_build_limits(request, spec, error);
        if (!ok)
                return false;
        spec->terminal = request->options->tty;
        spec->root_readonly = request->options->read_only;
        *ret_spec = g_steal_pointer(&spec);
        return true;
}
