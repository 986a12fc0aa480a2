/* SPDX-License-Identifier: Apache-2.0 */
/* Images at hand. */
#include "cli/start.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cli/exit.h"
#include "cli/image-program.h"
#include "cli/verb.h"

bool cli_runtime_open(Runtime *ret_runtime, GError **error) {
        const GlobalOptions *global = global_options();
        if (!runtime_open(global->root, global->runroot, ret_runtime, error))
                return false;
        ret_runtime->network_config_dir = global->network_config_dir;
        ret_runtime->events_backend = global->events_backend;
        return true;
}

bool cli_begin(const OptionTable *table,
               int argc,
               char **argv,
               void *options,
               char ***ret_operands,
               Runtime *ret_runtime,
               int *ret_status) {
        g_autoptr(GError) error = NULL;
        OptionResult r = options_parse(table, argc, argv, options, ret_operands, &error);
        *ret_status = EXIT_STATUS_OK;
        if (r == OPTION_RESULT_HELP)
                return false;
        if (r == OPTION_RESULT_OK && cli_runtime_open(ret_runtime, &error))
                return true;
        *ret_status = verb_fail(&error);
        return false;
}

int run_fail(GError **error) {
        int status = g_error_matches(*error, RUNTIME_ERROR, RUNTIME_ERROR_NOT_EXEC)
                                     ? EXIT_STATUS_NOT_EXEC
                     : g_error_matches(*error, RUNTIME_ERROR, RUNTIME_ERROR_NOT_FOUND)
                                     ? EXIT_STATUS_NOT_FOUND
                                     : EXIT_STATUS_ERROR;
        (void) verb_fail(error);
        return status;
}

static bool pull(const ContainerOptions *options, const char *policy, GError **error) {
        g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(argv, g_strdup("pull"));
        if (options->quiet)
                g_ptr_array_add(argv, g_strdup("--quiet"));
        if (strcmp(policy, "newer") == 0)
                g_ptr_array_add(argv, g_strdup("--policy=newer"));
        if (options->authfile)
                g_ptr_array_add(argv, g_strconcat("--authfile=", options->authfile, NULL));
        if (options->tls_verify >= 0)
                g_ptr_array_add(argv, g_strdup_printf("--tls-verify=%s",
                                                      options->tls_verify ? "true" : "false"));
        const struct {
                const char *flag, *value;
        } passed[] = {
                { "--creds=", options->creds },
                { "--cert-dir=", options->cert_dir },
                { "--platform=", options->platform },
                { "--arch=", options->arch },
                { "--os=", options->os },
                { "--variant=", options->variant },
                { "--retry=", options->retry },
                { "--retry-delay=", options->retry_delay },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(passed); i++)
                if (passed[i].value)
                        g_ptr_array_add(argv, g_strconcat(passed[i].flag, passed[i].value, NULL));
        g_ptr_array_add(argv, g_strdup(options->command[0]));
        g_ptr_array_add(argv, NULL);
        int status;
        if (!image_program_run((char *const *) argv->pdata, true, &status, error))
                return false;
        if (status != 0) /* berth-image has printed the reason */
                return error_set_invalid(error, "Cannot pull image '%s'", options->command[0]);
        return true;
}

bool ensure_image(Runtime *runtime, const ContainerOptions *options, GError **error) {
        const char *policy = options->pull && *options->pull ? options->pull : "missing";
        static const char *const policies[] = { "missing", "always", "never", "newer",
                                                "true",    "false",  NULL };
        if (options->rootfs)
                return true;
        if (!g_strv_contains(policies, policy))
                return error_set_invalid(error, "unsupported pull policy \"%s\"", policy);
        if (strcmp(policy, "true") == 0) /* --pull as the boolean it once was */
                policy = "always";
        else if (strcmp(policy, "false") == 0)
                policy = "missing";
        if (strcmp(policy, "always") == 0 || strcmp(policy, "newer") == 0)
                return pull(options, policy, error);
        g_autoptr(StoreImage) image = NULL;
        GError *inner = NULL;
        if (store_image_find(runtime->store, options->command[0], &image, &inner))
                return true;
        if (strcmp(policy, "never") == 0 ||
            !g_error_matches(inner, STORE_ERROR, STORE_ERROR_NOT_FOUND)) {
                g_propagate_error(error, inner);
                return false;
        }
        g_clear_error(&inner);
        return pull(options, policy, error);
}
