/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Small text <-> value conversions in the forms that Podman and systemd use. */

/* Whole decimal number within [0, max]; no sign, no blanks. */
bool text_parse_uint64(const char *text, uint64_t max, uint64_t *ret_value);

/* "512", "512b", "64k", "1.5g", "10MiB": powers of 1024, any case (podman-run(1) --memory). Bytes.
 */
bool text_parse_size(const char *text, uint64_t *ret_bytes);

/* Go durations ("1h30m", "300ms", "1.5s") and plain seconds ("10"). Microseconds. */
bool text_parse_duration(const char *text, uint64_t *ret_usec);

/* true: 1 yes true on y t; false: 0 no false off n f; any case. */
bool text_parse_bool(const char *text, bool *ret_value);

/* "1.03 MB": powers of 1000, three significant digits, as `podman images` prints. Caller frees. */
char *text_format_size(uint64_t bytes);

/* "4 seconds ago", "3 weeks ago", as `podman ps` prints. Seconds since the epoch. Caller frees. */
char *text_format_ago(int64_t then_sec, int64_t now_sec);
char *text_format_span(int64_t seconds); /* "4 seconds", "About an hour"; caller frees */

/* A signal by number or name, with or without "SIG", "RTMIN+3" too (signal(7)). -1 if unknown. */
int text_parse_signal(const char *text);

/* "SIGTERM"; "SIGRTMIN+3". Caller frees. */
char *text_format_signal(int signal_number);

/* RFC 3339 with nanoseconds in UTC, "2026-11-23T22:02:43.691929500Z". Caller frees. */
char *text_format_time(int64_t nsec_since_epoch);

/* The same as Go prints a time: "2026-11-23 22:02:43.6919295 +0000 UTC". Caller frees. */
char *text_format_go_time(int64_t nsec_since_epoch);

/* RFC 3339 with optional fraction and offset -> nanoseconds since the epoch. */
bool text_parse_time(const char *text, int64_t *ret_nsec);

/* A point in time as people give it: RFC 3339, seconds since the epoch, or how long ago it was. */
bool text_parse_moment(const char *text, int64_t *ret_nsec);

/* A copy where control characters and broken UTF-8 are \xHH: text from outside, fit for a terminal.
 */
char *text_sanitize(const char *text);
