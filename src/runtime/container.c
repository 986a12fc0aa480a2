/* SPDX-License-Identifier: Apache-2.0 */
/* Creation: from options to a record, a configuration and a mounted root. */
#include "runtime/container.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/user.h"
#include "runtime/event.h"
#include "runtime/health.h"
#include "runtime/idmap.h"
#include "runtime/mount-point.h"
#include "runtime/network.h"
#include "runtime/new-record.h"
#include "runtime/pod.h"
#include "runtime/rootfs-mapped.h"
#include "runtime/rootfs.h"
#include "runtime/rootless-network.h"
#include "runtime/rootless.h"
#include "runtime/spec-build.h"
#include "runtime/userns.h"
#include "systemd/events.h"

bool runtime_open(
                const char *graph_root,
                const char *run_root,
                Runtime *ret_runtime,
                GError **error) {
        const StoreOptions options = { .graph_root = graph_root, .run_root = run_root };
        g_auto(Runtime) runtime = { .store = store_open(&options, error) };
        if (!runtime.store)
                return false;
        g_autofree char *run_dir =
                        run_root ? g_build_filename(run_root, "berth", NULL)
                        : user_is_root()
                                        ? g_strdup("/run/berth")
                                        : g_build_filename(g_get_user_runtime_dir(), "berth", NULL);
        g_autofree char *data_dir =
                        g_build_filename(store_graph_root(runtime.store), "berth", NULL);
        runtime.records = records_open(run_dir, data_dir, error);
        if (!runtime.records)
                return false;
        *ret_runtime = runtime;
        runtime = (Runtime){ 0 };
        return true;
}

void runtime_clear(Runtime *runtime) {
        g_clear_pointer(&runtime->events, events_free);
        g_clear_pointer(&runtime->rootless_network, rootless_network_free);
        g_clear_pointer(&runtime->networks, networks_free);
        g_clear_pointer(&runtime->records, records_free);
        g_clear_pointer(&runtime->store, store_free);
}

void container_clear(Container *container) {
        g_clear_pointer(&container->record, record_free);
        g_clear_pointer(&container->spec, oci_spec_free);
        fd_close(&container->root_fd);
        fd_close(&container->userns_fd);
        g_clear_pointer(&container->unit_filters, g_ptr_array_unref);
}

void container_forget_root(Container *container) {
        fd_close(&container->root_fd);
}

/* Upper and work of the writable layer. The merged root takes owner and mode from the upper: they
 * are copied from the topmost layer. */
static bool
make_upper(const char *data_path,
           const char *top_layer,
           char **ret_upper,
           char **ret_work,
           GError **error) {
        g_autofree char *upper = g_build_filename(data_path, "upper", NULL);
        g_autofree char *work = g_build_filename(data_path, "work", NULL);
        struct stat st;
        if (stat(top_layer, &st) < 0)
                return error_set_errno(error, errno, "Cannot stat layer '%s'", top_layer);
        if (mkdir(upper, 0755) == 0) {
                if (chown(upper, st.st_uid, st.st_gid) < 0 || chmod(upper, st.st_mode & 07777) < 0)
                        return error_set_errno(error, errno, "Cannot prepare '%s'", upper);
        } else if (errno != EEXIST) {
                return error_set_errno(error, errno, "Cannot create '%s'", upper);
        }
        if (mkdir(work, 0700) < 0 && errno != EEXIST)
                return error_set_errno(error, errno, "Cannot create '%s'", work);
        /* a volatile mount leaves this mark and refuses the next one, overlayfs.rst "Volatile
         * mount" */
        g_autofree char *mark = g_build_filename(work, "work", "incompat", NULL);
        if (!file_remove_tree(AT_FDCWD, mark, error))
                return false;
        *ret_upper = g_steal_pointer(&upper);
        *ret_work = g_steal_pointer(&work);
        return true;
}

/* An unprivileged user's namespace within their own: its files are a copy with the right owners. */
static char *
copy_for_map(Runtime *runtime,
             const char *const *layers,
             const UserNamespace *ns,
             const Container *c,
             GError **error) {
        g_autofree char *directory =
                        g_build_filename(records_data_dir(runtime->records), "mapped", NULL);
        g_autofree char *attach =
                        g_build_filename(records_run_dir(runtime->records), "rootfs", NULL);
        const MappedRequest request = {
                .lower_paths = layers,
                .attach_path = attach,
                .directory = directory,
                .image_id = c->record->image_id,
                .uids = ns->uids,
                .gids = ns->gids,
        };
        return rootfs_mapped_copy(&request, error);
}

/* The container's root file system, with the ids of its user namespace. */
static bool
mount_layers(Runtime *runtime,
             const char *const *layers,
             const UserNamespace *ns,
             Container *c,
             GError **error) {
        g_autofree char *data_path = record_data_path(runtime->records, c->record);
        g_autofree char *attach =
                        g_build_filename(records_run_dir(runtime->records), "rootfs", NULL);
        g_autofree char *upper = NULL;
        g_autofree char *work = NULL;
        g_autofree char *copy = NULL;
        bool is_real_root = user_in_initial_namespace();
        bool is_mapped = ns->uids && ns->uids->len > 0;
        if (is_mapped && !is_real_root && !(copy = copy_for_map(runtime, layers, ns, c, error)))
                return false;
        const char *const copied[] = { copy, NULL };
        if (copy)
                layers = copied;
        if (!make_upper(data_path, layers[0], &upper, &work, error))
                return false;
        OverlayRequest request = {
                .lower_paths = layers,
                .upper_path = upper,
                .work_path = work,
                .is_volatile = c->record->remove,
                .attach_path = attach,
                .userns_fd = -1,
                .is_user = !is_real_root,
        };
        if (is_mapped && is_real_root) {
                uint32_t uid = 0, gid = 0;
                if (!id_map_open_userns(ns->uids, ns->gids, &c->userns_fd, error))
                        return false;
                if (!id_map_to_host(ns->uids, 0, &uid) || !id_map_to_host(ns->gids, 0, &gid))
                        return error_set_invalid(
                                        error, "the id maps have no container root, whose files "
                                               "the image is made of");
                request.userns_fd = c->userns_fd;
                request.root_uid = uid;
                request.root_gid = gid;
        }
        g_autofree char *shown = mount_point_path(runtime, c->record);
        if (!mount_point_clone(shown, &c->root_fd, error))
                return false;
        return c->root_fd >= 0 || rootfs_mount_overlay(&request, &c->root_fd, error);
}

/* The user namespace, then the root that fits it. */
static bool
mount_root(Runtime *runtime,
           const ContainerOptions *options,
           const StoreImage *image,
           UserNamespace *ns,
           Container *c,
           GError **error) {
        g_auto(GStrv) layers = NULL;
        if (image && !store_image_layer_paths(runtime->store, image, &layers, error))
                return false;
        if (image && !layers[0])
                return error_set_invalid(error, "image '%s' has no layers", image->id);
        const UserNamespaceRequest request = {
                .options = options,
                .records = runtime->records,
                .container_id = c->record->id,
                .layers = (const char *const *) layers,
                .rootfs = options->rootfs,
        };
        if (!user_namespace_resolve(&request, ns, error))
                return false;
        return image ? mount_layers(runtime, (const char *const *) layers, ns, c, error)
                     : rootfs_mount_directory(options->rootfs, &c->root_fd, error);
}

/* Of a container that is there: its configuration has the maps. */
static bool mount_again(Runtime *runtime, Container *c, GError **error) {
        g_autoptr(StoreImage) image = NULL;
        g_auto(GStrv) layers = NULL;
        if (!c->record->image_id)
                return rootfs_mount_directory(c->spec->root_path, &c->root_fd, error);
        if (!user_namespace_renew(runtime->records, c->record->id, c->spec, error) ||
            !store_image_find(runtime->store, c->record->image_id, &image, error) ||
            !store_image_layer_paths(runtime->store, image, &layers, error))
                return false;
        if (!layers[0])
                return error_set_invalid(error, "image '%s' has no layers", image->id);
        const UserNamespace ns = { .uids = c->spec->uid_mappings, .gids = c->spec->gid_mappings };
        return mount_layers(runtime, (const char *const *) layers, &ns, c, error);
}

static bool load_image_config(
                Runtime *runtime,
                const StoreImage *image,
                OciImageConfig **ret_config,
                GError **error) {
        g_autoptr(GBytes) bytes = NULL;
        if (!store_image_read_config(runtime->store, image, &bytes, error))
                return false;
        gsize size;
        const char *text = g_bytes_get_data(bytes, &size);
        *ret_config = oci_image_config_parse(text, size, error);
        return *ret_config;
}

/* Takes the name, after removing who has it when that is asked for. */
static bool
claim(Runtime *runtime, const ContainerOptions *options, ContainerRecord *record, GError **error) {
        GError *inner = NULL;
        if (record_claim(runtime->records, record, &inner))
                return true;
        if (!options->replace ||
            !g_error_matches(inner, RUNTIME_ERROR, RUNTIME_ERROR_NAME_IN_USE)) {
                g_propagate_error(error, inner);
                return false;
        }
        g_clear_error(&inner);
        g_autoptr(ContainerRecord) old = record_find(runtime->records, record->name, &inner);
        g_clear_error(&inner); /* gone meanwhile is as good */
        if (!old) {
                if (!record_forget_unfinished(runtime->records, record->name, error))
                        return false;
                old = record_find(runtime->records, record->name, NULL);
        }
        if (old && !container_remove(runtime, old, true, true, -1, error))
                return false;
        return record_claim(runtime->records, record, error);
}

/* hosts, hostname, resolv.conf and so on are the container's root's, as in Podman. */
static bool give_generated_files(const char *run_path, const OciSpec *spec, GError **error) {
        uint32_t uid, gid;
        if (!id_map_to_host(spec->uid_mappings, 0, &uid) ||
            !id_map_to_host(spec->gid_mappings, 0, &gid))
                return true;
        for (guint i = 0; i < spec->mounts->len; i++) {
                const OciMount *m = spec->mounts->pdata[i];
                if (m->source && g_str_has_prefix(m->source, run_path) &&
                    lchown(m->source, uid, gid) < 0)
                        return error_set_errno(
                                        error, errno, "Cannot give '%s' to the container",
                                        m->source);
        }
        return true;
}

static bool
describe(Runtime *runtime,
         const ContainerOptions *options,
         const OciImageConfig *config,
         const UserNamespace *ns,
         Container *c,
         GError **error) {
        g_autofree char *run_path = record_run_path(runtime->records, c->record);
        g_autofree char *volumes =
                        g_build_filename(store_graph_root(runtime->store), "volumes", NULL);
        g_autofree char *secrets =
                        g_build_filename(store_graph_root(runtime->store), "secrets", NULL);
        const Networks *networks = runtime_networks(runtime, error);
        if (!networks)
                return false;
        g_autoptr(Pod) pod =
                        c->record->pod ? pod_find(runtime->records, c->record->pod, error) : NULL;
        if (c->record->pod && !pod)
                return false;
        g_autofree char *pod_path = pod ? pod_run_path(runtime->records, pod) : NULL;
        const SpecRequest request = {
                .pod = pod,
                .pod_path = pod_path,
                .options = options,
                .networks = networks,
                .store = runtime->store,
                .image = config,
                .root_fd = c->root_fd,
                .run_path = run_path,
                .volumes_path = volumes,
                .secrets_path = secrets,
                .record = c->record,
                .user_namespace = ns,
                .userns_fd = c->userns_fd,
        };
        if (!health_describe(options, config, c->record, error) ||
            !spec_build(&request, &c->spec, error))
                return false;
        if (options->rootfs)
                c->spec->root_path = g_canonicalize_filename(options->rootfs, NULL);
        if (!give_generated_files(run_path, c->spec, error))
                return false;
        return record_save_spec(runtime->records, c->record, c->spec, error) &&
               record_save(runtime->records, c->record, error);
}

bool container_create(
                Runtime *runtime,
                const ContainerOptions *options,
                Container *ret_container,
                GError **error) {
        g_auto(Container) c = { .root_fd = -1, .userns_fd = -1 };
        g_autoptr(StoreImage) image = NULL;
        g_autoptr(OciImageConfig) config = NULL;
        g_auto(UserNamespace) ns = { 0 };
        if (!rootless_enter(error))
                return false;
        c.record = new_record(runtime, options, error);
        if (!c.record)
                return false;
        if (!options->rootfs) {
                if (!store_image_find(runtime->store, options->command[0], &image, error) ||
                    !load_image_config(runtime, image, &config, error))
                        return false;
                c.record->image =
                                g_strdup(image->names && image->names[0] ? image->names[0]
                                                                         : options->command[0]);
                c.record->image_id = g_strdup(image->id);
        }
        if (!claim(runtime, options, c.record, error))
                return false;
        if (!mount_root(runtime, options, image, &ns, &c, error) ||
            !describe(runtime, options, config, &ns, &c, error)) {
                fd_close(&c.root_fd);
                (void) record_remove(
                                runtime->records, c.record,
                                NULL); /* the first error is the one to tell */
                return false;
        }
        for (char **name = c.record->anonymous_volumes; name && *name; name++)
                runtime_event(runtime, "volume", "create", NULL, *name);
        container_event(runtime, c.record, "create");
        *ret_container = c;
        c = (Container){ .root_fd = -1, .userns_fd = -1 };
        return true;
}

bool container_load(Runtime *runtime, const char *name, Container *ret_container, GError **error) {
        g_auto(Container) c = { .root_fd = -1, .userns_fd = -1 };
        if (!rootless_enter(error))
                return false;
        c.record = record_find(runtime->records, name, error);
        if (!c.record)
                return false;
        c.spec = record_load_spec(runtime->records, c.record, error);
        if (!c.spec || !mount_again(runtime, &c, error))
                return false;
        g_autofree char *run_path = record_run_path(runtime->records, c.record);
        if (!spec_restore_files(run_path, c.spec, error) ||
            !network_restore_files(runtime, &c, error) ||
            !give_generated_files(run_path, c.spec, error))
                return false;
        *ret_container = c;
        c = (Container){ .root_fd = -1, .userns_fd = -1 };
        return true;
}
