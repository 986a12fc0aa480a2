/* SPDX-License-Identifier: Apache-2.0 */
/* From the unit's settings to the runtime configuration. */
#include "runtime/hardening.h"

#include <string.h>

#include "runtime/syscall-filter.h"
#include "systemd/unit-settings.h"

static void apply_capabilities(const UnitSettings *s, OciSpec *spec) {
        uint64_t *sets = spec->capabilities;
        for (int i = 0; i < OCI_CAPABILITY_SET_MAX; i++)
                sets[i] &= s->bounding;
        uint64_t ambient = s->ambient & sets[OCI_CAPABILITY_BOUNDING];
        if (ambient == 0 || spec->uid == 0)
                return; /* root has them anyway */
        sets[OCI_CAPABILITY_AMBIENT] |= ambient;
        sets[OCI_CAPABILITY_INHERITABLE] |= ambient;
        sets[OCI_CAPABILITY_PERMITTED] |= ambient;
        sets[OCI_CAPABILITY_EFFECTIVE] |= ambient;
}

static void apply_limits(const UnitSettings *s, OciSpec *spec) {
        for (int i = 0; i < RLIM_NLIMITS; i++) {
                const char *name = unit_limit_name(i);
                if (!name || !s->limits[i].is_set)
                        continue;
                g_autofree char *type = g_strconcat("RLIMIT_", name, NULL);
                for (guint j = spec->rlimits->len; j > 0; j--)
                        if (strcmp(((OciRlimit *) spec->rlimits->pdata[j - 1])->type, type) == 0)
                                g_ptr_array_remove_index(spec->rlimits, j - 1);
                oci_spec_add_rlimit(spec, type, s->limits[i].soft, s->limits[i].hard);
        }
}

bool hardening_apply(const char *unit, OciSpec *spec, GPtrArray **ret_filters, GError **error) {
        g_autoptr(Bus) bus = bus_open(error);
        g_autoptr(UnitSettings) s = bus ? unit_settings_load(bus, unit, error) : NULL;
        g_autoptr(GPtrArray) filters = NULL;
        if (!s || !syscall_filter_compile_unit(s, &filters, error))
                return false;
        apply_capabilities(s, spec);
        apply_limits(s, spec);
        if (s->umask != 0022 && spec->umask == 0022) /* --umask is nearer to the container */
                spec->umask = (mode_t) s->umask;
        /* filters need it, seccomp(2), as they do for any service with User= */
        if (s->no_new_privileges || filters->len > 0)
                spec->no_new_privileges = true;
        *ret_filters = g_steal_pointer(&filters);
        return true;
}
