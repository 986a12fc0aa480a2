/* SPDX-License-Identifier: Apache-2.0 */
/* For `export` and `commit`. */
#include "cli/container-tar.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "base/user.h"
#include "cli/container-changes.h"

bool container_tar_open_root(
                Runtime *runtime, const char *name, CopyEnd *ret_root, GError **error) {
        g_autoptr(ContainerRecord) record = record_find(runtime->records, name, error);
        if (!record)
                return false;
        ret_root->container = record->id;
        ret_root->given = g_strdup("/");
        bool ok = copy_end_open(runtime, ret_root, error) &&
                  copy_end_resolve(ret_root, false, error);
        ret_root->container = NULL;
        return ok;
}

bool container_tar_root(const CopyEnd *root, TreeTarWrite write, void *data, GError **error) {
        g_auto(TreeTar) tar = {
                .write = write,
                .data = data,
                .uids = root->uids,
                .gids = root->gids,
                .one_mount = true,
        };
        return tree_tar_add_contents(&tar, root->fd, "", error) && tree_tar_end(&tar, error);
}

static bool
add_change(TreeTar *tar, int upper_fd, const char *path, LayerChange change, GError **error) {
        const struct open_how how = {
                .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
        };
        const char *as = path + 1; /* relative, as layers have it */
        g_autofree char *directory = g_path_get_dirname(as);
        g_autofree char *name = g_path_get_basename(as);
        if (g_str_has_prefix(name, ".wh."))
                return error_set_invalid(
                                error,
                                "'%s' cannot be in an image: names that begin with \".wh.\" mark "
                                "what a layer takes away",
                                path);
        if (change == LAYER_DELETED)
                return tree_tar_add_whiteout(tar, as, error);
        autofd int fd = sys_openat2(upper_fd, directory, &how);
        if (fd < 0)
                return fd == -ENOENT || error_set_errno(error, fd, "Cannot open '%s'", path);
        return tree_tar_add_one(tar, fd, name, as, error);
}

bool container_tar_layer(
                Runtime *runtime,
                const ContainerRecord *record,
                TreeTarWrite write,
                void *data,
                GError **error) {
        autofd int upper_fd = -1;
        g_autoptr(OciSpec) spec = record_load_spec(runtime->records, record, error);
        g_autoptr(GHashTable) changes =
                        spec ? container_changes(runtime, record, &upper_fd, error) : NULL;
        if (!changes)
                return false;
        /* root maps ids at the mount, and the files have the image's; an unprivileged user's are a
         * copy with the owners of the container's namespace */
        bool is_copy = !user_in_initial_namespace();
        g_auto(TreeTar) tar = {
                .write = write,
                .data = data,
                .uids = is_copy ? spec->uid_mappings : NULL,
                .gids = is_copy ? spec->gid_mappings : NULL,
        };
        g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(changes), (GCompareFunc) strcmp);
        for (GList *path = paths; path; path = path->next)
                if (!add_change(&tar, upper_fd, path->data,
                                GPOINTER_TO_INT(g_hash_table_lookup(changes, path->data)), error))
                        return false;
        return tree_tar_end(&tar, error);
}
