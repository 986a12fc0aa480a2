/* SPDX-License-Identifier: Apache-2.0 */
/* Simple signing by gpgv as a process of its own: small, always there on Debian, and nothing of
 * OpenPGP is linked. Its exit status alone is worthless (an expired key gives 0), so its status
 * lines decide, and the output is not looked at before they have. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "image/signature.h"

#define STATUS_SIZE_MAX (1u << 20)

/* A ring in ASCII armor is turned into the binary form that gpgv reads (RFC 4880, 6.2). */
static GBytes *binary_ring(GBytes *ring) {
        gsize size;
        const char *text = g_bytes_get_data(ring, &size);
        static const char begin[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
        if (size < strlen(begin) || memcmp(text, begin, strlen(begin)) != 0)
                return g_bytes_ref(ring);
        g_autofree char *copy = g_strndup(text, size);
        g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
        g_autoptr(GString) base64 = g_string_new(NULL);
        bool body = false;
        for (char **line = lines; *line; line++) {
                g_strstrip(*line);
                if (g_str_has_prefix(*line, "-----BEGIN"))
                        body = false; /* its headers end with an empty line */
                else if (g_str_has_prefix(*line, "-----END"))
                        break;
                else if (!**line)
                        body = true;
                else if (body && **line != '=') /* "=XXXX" is a checksum */
                        g_string_append(base64, *line);
        }
        gsize n = 0;
        guchar *bytes = g_base64_decode(base64->str, &n);
        return g_bytes_new_take(bytes, n);
}

/* Bytes as a file that only our child can open. */
static int memory_file(const char *name, GBytes *bytes, GError **error) {
        gsize size = 0;
        const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
        autofd int fd = memfd_create(name, 0); /* inherited by gpgv; nobody else is spawned here */
        if (fd < 0 || fd_write_all(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
                error_set_errno(error, errno, "Cannot keep a signature in memory");
                return -1;
        }
        return fd_steal(&fd);
}

static bool run_gpgv(GPtrArray *arguments, int status_fd, GError **error) {
        extern char **environ;
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, status_fd, STDOUT_FILENO);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        pid_t pid;
        int r = posix_spawnp(&pid, "gpgv", &actions, NULL, (char **) arguments->pdata, environ);
        posix_spawn_file_actions_destroy(&actions);
        if (r != 0)
                return error_set_errno(error, r, "Cannot run gpgv");
        int status;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return error_set_errno(error, errno, "Cannot wait for gpgv");
        return true;
}

/* Exactly one signature, good and valid; PLAINTEXT shows that the document was inside. */
static bool judge(const char *status, char **ret_signer, GError **error) {
        static const char *const bad[] = { "EXPSIG", "EXPKEYSIG", "REVKEYSIG",  "BADSIG",
                                           "ERRSIG", "NODATA",    "UNEXPECTED", NULL };
        guint n_new = 0, n_good = 0, n_plain = 0;
        g_autofree char *signer = NULL;
        g_auto(GStrv) lines = g_strsplit(status, "\n", -1);
        for (char **line = lines; *line; line++) {
                if (!g_str_has_prefix(*line, "[GNUPG:] "))
                        continue;
                g_auto(GStrv) words = g_strsplit(*line + strlen("[GNUPG:] "), " ", -1);
                if (g_strv_contains(bad, words[0]))
                        return error_set_invalid(error, "gpgv says %s", words[0]);
                n_new += g_str_equal(words[0], "NEWSIG");
                n_good += g_str_equal(words[0], "GOODSIG");
                n_plain += g_str_equal(words[0], "PLAINTEXT");
                if (g_str_equal(words[0], "VALIDSIG") && g_strv_length(words) >= 11) {
                        if (signer)
                                return error_set_invalid(error, "more than one signature");
                        signer = g_strdup(words[10]);
                }
        }
        if (n_new != 1 || n_good != 1 || n_plain != 1 || !signer)
                return error_set_invalid(error, "no good signature by a known key");
        *ret_signer = g_steal_pointer(&signer);
        return true;
}

static bool looks_right(GBytes *blob, GError **error) {
        gsize size;
        const guint8 *bytes = g_bytes_get_data(blob, &size);
        /* A message that is signed as clear text would verify, too, but is not what is meant. */
        return (size > 0 && (bytes[0] & 0x80)) ||
               error_set_invalid(error, "not a binary OpenPGP message");
}

bool signature_gpg_verify(
                GBytes *blob,
                GPtrArray *keyrings,
                GBytes **ret_payload,
                char **ret_signer,
                GError **error) {
        if (!looks_right(blob, error))
                return false;
        autofd int blob_fd = memory_file("signature", blob, error);
        autofd int out_fd = memory_file("payload", NULL, error);
        autofd int status_fd = memory_file("status", NULL, error);
        if (blob_fd < 0 || out_fd < 0 || status_fd < 0)
                return false;
        g_autoptr(GArray) ring_fds = g_array_new(FALSE, FALSE, sizeof(int));
        g_array_set_clear_func(ring_fds, (GDestroyNotify) fd_close);
        g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(argv, g_strdup("gpgv"));
        g_ptr_array_add(argv, g_strdup("--status-fd=1"));
        for (guint i = 0; i < keyrings->len; i++) {
                g_autoptr(GBytes) ring = binary_ring(keyrings->pdata[i]);
                int fd = memory_file("ring", ring, error);
                if (fd < 0)
                        return false;
                g_array_append_val(ring_fds, fd);
                g_ptr_array_add(argv, g_strdup_printf("--keyring=/proc/self/fd/%d", fd));
        }
        g_ptr_array_add(argv, g_strdup_printf("--output=/proc/self/fd/%d", out_fd));
        g_ptr_array_add(argv, g_strdup_printf("/proc/self/fd/%d", blob_fd));
        g_ptr_array_add(argv, NULL);

        g_autoptr(GBytes) status = NULL;
        if (!run_gpgv(argv, status_fd, error) || lseek(status_fd, 0, SEEK_SET) < 0 ||
            !file_read_fd(status_fd, "gpgv's status", STATUS_SIZE_MAX, &status, error))
                return false;
        g_autofree char *text = g_strndup(g_bytes_get_data(status, NULL), g_bytes_get_size(status));
        g_autofree char *signer = NULL;
        if (!judge(text, &signer, error) || lseek(out_fd, 0, SEEK_SET) < 0 ||
            !file_read_fd(out_fd, "the signed document", SIGNATURE_SIZE_MAX, ret_payload, error))
                return false;
        *ret_signer = g_steal_pointer(&signer);
        return true;
}
