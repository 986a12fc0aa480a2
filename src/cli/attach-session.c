/* SPDX-License-Identifier: Apache-2.0 */
/* attach with input. */
#include "cli/attach-session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "systemd/relay-client.h"

void attach_input_clear(AttachInput *input) {
        fd_close(&input->input_fd);
        fd_close(&input->show_fd);
        g_clear_pointer(&input->relay_path, g_free);
        g_clear_pointer(&input->container_id, g_free);
}

bool attach_input_open(
                Runtime *runtime,
                const ContainerRecord *record,
                AttachInput *ret_input,
                GError **error) {
        g_auto(AttachInput) input = { .input_fd = -1, .show_fd = -1 };
        int ends[2];
        GError *inner = NULL;
        input.relay_path = g_build_filename(records_run_dir(runtime->records), "relay.sock", NULL);
        input.container_id = g_strdup(record->id);
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot create a pipe");
        input.show_fd = ends[0];
        autofd int show = ends[1];
        if (!relay_attach_client(
                            input.relay_path, input.container_id, show, &input.input_fd, &inner)) {
                bool absent = g_error_matches(inner, ERROR_ERRNO, ENOENT) ||
                              g_error_matches(inner, ERROR_ERRNO, ECONNREFUSED);
                if (!absent) {
                        g_propagate_error(error, inner);
                        return false;
                }
                g_error_free(inner);
        }
        *ret_input = input;
        input = (AttachInput){ .input_fd = -1, .show_fd = -1 };
        return true;
}

/* "a", or "ctrl-" with a letter or one of @ [ \ ] ^ _ : the control character of it. */
static bool parse_key(const char *word, char *ret_key) {
        if (strlen(word) == 1) {
                *ret_key = word[0];
                return true;
        }
        char last = g_ascii_toupper(word[0] ? word[strlen(word) - 1] : '\0');
        if (!g_str_has_prefix(word, "ctrl-") || strlen(word) != 6 || last < '@' || last > '_')
                return false;
        *ret_key = (char) (last - '@');
        return true;
}

bool attach_parse_keys(const char *text, char **ret_keys, GError **error) {
        g_auto(GStrv) words = g_strsplit(text, ",", -1);
        g_autoptr(GString) keys = g_string_new(NULL);
        for (char **word = words; *word && *text; word++) {
                char key;
                if (!parse_key(*word, &key))
                        return error_set_invalid(
                                        error, "invalid detach keys: Unknown character: '%s'",
                                        *word);
                g_string_append_c(keys, key);
        }
        *ret_keys = g_string_free(g_steal_pointer(&keys), FALSE);
        return true;
}

static int resized_fd = -1;

static void copy_window_size(int number) {
        struct winsize size;
        if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
                (void) ioctl(resized_fd, TIOCSWINSZ, &size);
}

/* How many of the keys have been pressed, after one more; all of them: detach. */
static size_t press(const char *keys, size_t pressed, char key) {
        if (keys[pressed] == key)
                return pressed + 1;
        return keys[0] == key ? 1 : 0;
}

/* False at the end of our input or when the keys were pressed. */
static bool feed(AttachInput *input, const char *keys, size_t *pressed, bool *ret_detached) {
        char buffer[4096];
        ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return true;
        for (ssize_t i = 0; i < n && keys && *keys; i++) {
                *pressed = press(keys, *pressed, buffer[i]);
                *ret_detached = keys[*pressed] == '\0';
                if (*ret_detached)
                        return false;
        }
        return n > 0 && fd_write_all(input->input_fd, buffer, (size_t) n) >= 0;
}

static void copy(AttachInput *input, const char *keys, bool with_stdin, bool *ret_detached) {
        size_t pressed = 0;
        for (*ret_detached = false; !*ret_detached;) {
                struct pollfd polled[] = {
                        { .fd = input->show_fd, .events = POLLIN },
                        { .fd = with_stdin ? STDIN_FILENO : -1, .events = POLLIN },
                };
                char buffer[65536];
                if (poll(polled, G_N_ELEMENTS(polled), -1) < 0)
                        continue; /* EINTR: the window's size */
                if (polled[0].revents) {
                        ssize_t n = read(input->show_fd, buffer, sizeof buffer);
                        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
                                return;
                        if (n > 0 && fd_write_all(STDOUT_FILENO, buffer, (size_t) n) < 0)
                                return;
                }
                if (polled[1].revents)
                        with_stdin = feed(input, keys, &pressed, ret_detached);
        }
}

bool attach_terminal(
                AttachInput *input,
                const char *keys,
                bool with_stdin,
                bool *ret_detached,
                GError **error) {
        struct termios before, raw;
        bool is_terminal = with_stdin && tcgetattr(STDIN_FILENO, &before) == 0;
        const struct sigaction action = { .sa_handler = copy_window_size };
        resized_fd = input->input_fd;
        if (is_terminal) {
                raw = before;
                cfmakeraw(&raw);
                if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
                        return error_set_errno(error, errno, "Cannot set up the terminal");
                copy_window_size(SIGWINCH);
                sigaction(SIGWINCH, &action, NULL);
        }
        copy(input, keys, with_stdin, ret_detached);
        if (is_terminal)
                (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before); /* it may be gone */
        return true;
}

static void *pump(void *data) {
        AttachInput *input = data;
        char buffer[4096];
        for (;;) {
                ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break;
                if (fd_write_all(input->input_fd, buffer, (size_t) n) < 0)
                        return NULL; /* the container closed it */
        }
        (void) relay_close_input(
                        input->relay_path, input->container_id, NULL); /* it may have ended */
        fd_close(&input->input_fd);
        return NULL;
}

void attach_pump_input(AttachInput *input) {
        AttachInput *own = g_memdup2(input, sizeof *input);
        *input = (AttachInput){ .input_fd = -1, .show_fd = -1 };
        g_thread_unref(g_thread_new("stdin", pump, own));
}
