#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Between clone and exec only system calls and memory functions: what libchild needs from outside itself
# is compared with a list. TAP. usage: libchild.sh LIBCHILD
set -u

allowed='__errno_location __stack_chk_fail __memcpy_chk __memmove_chk __memset_chk __read_chk __readlinkat_chk
__openat64_2 __openat_2 __open64_2 __open_2 __recv_chk
_GLOBAL_OFFSET_TABLE_ memcpy memmove memset memchr strchr strrchr strcmp strlen strspn
_exit accept4 chdir close copy_file_range dup2 execve faccessat fchdir fchmodat fchown fchownat fcntl fcntl64 fstat fstat64
fstatat fstatat64 fstatfs fstatfs64 ioctl mkdirat mknodat mount open open64 openat openat64 prctl prlimit prlimit64
read readlinkat recv recvmsg sendmsg setdomainname sethostname setsid sigaction sigemptyset sigprocmask socket stat stat64 symlinkat
syscall sysconf umask umount2 unlinkat utimensat write'
defined=$(nm --defined-only "$1" | awk 'NF == 3 {print $3}' | sort -u)
bad=
for symbol in $(nm -u "$1" | awk '$1 == "U" {print $2}' | sort -u); do
    printf '%s\n' $defined $allowed | grep -qxF "$symbol" || bad="$bad $symbol"
done
echo "1..1"
if [ -z "$bad" ] && [ -n "$defined" ]; then
    echo "ok 1 - libchild uses system calls and memory functions only"
else
    echo "not ok 1 - libchild must not use:$bad"
    exit 1
fi
