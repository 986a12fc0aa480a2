# SPDX-License-Identifier: Apache-2.0
# The files of containers: diff, cp, export.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
    lab rm -rf /tmp/files
    lab mkdir -p /tmp/files
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
    lab rm -rf /tmp/files
}

sleeper() { # NAME [FLAGS...]
    local name=$1
    shift
    lab berth run -d --name "$name" --network none "$@" $image sleep 1000
}

@test "diff tells added, changed and deleted files" {
    sleeper diff1
    [ -z "$(lab berth diff diff1 | grep -v '^[AC] /etc$')" ]
    lab berth exec diff1 sh -c 'mkdir -p /new/dir; echo x > /new/dir/file; rm /bin/true; ln -s /nowhere /new/link'
    out=$(lab berth diff diff1)
    for line in 'A /new' 'A /new/dir' 'A /new/dir/file' 'A /new/link' 'C /bin' 'D /bin/true'; do
        grep -qx "$line" <<< "$out"
    done
    lab berth stop -t 0 diff1
    [ "$(lab berth container diff diff1)" = "$out" ]
    json=$(lab berth diff --format json diff1)
    [ "$(jq -r '.deleted[]' <<< "$json")" = /bin/true ]
    [ "$(jq -r '.added | index("/new/link") != null' <<< "$json")" = true ]
}

@test "diff tells what a directory that was made anew hides" {
    sleeper diff2
    lab berth exec diff2 sh -c 'mkdir /keep; cp /bin/busybox /keep/busybox; /keep/busybox rm -r /bin; /keep/busybox mkdir /bin; echo > /bin/sh'
    out=$(lab berth diff diff2)
    grep -qx 'C /bin' <<< "$out"
    grep -qx 'C /bin/sh' <<< "$out"
    grep -qx 'D /bin/true' <<< "$out"
}

@test "diff refuses other formats and unknown containers" {
    sleeper diff3
    run lab berth diff --format foo diff3
    [ "$status" = 125 ]
    [ "$output" = "Error: only supported value for '--format' is 'json'" ]
    run lab berth diff nobody
    [ "$status" = 125 ]
    [[ $output == *'no container with name or ID "nobody" found: no such container' ]]
}

in_lab() { # SCRIPT: in /tmp/files, fails where a command fails
    lab sh -ec "cd /tmp/files; $1"
}

@test "cp takes files and directories out of running and stopped containers" {
    sleeper out1
    lab berth exec out1 sh -c 'mkdir -p /d/sub; echo hi > /d/sub/f; chmod 640 /d/sub/f; ln -s sub/f /d/l; ln /d/sub/f /d/h; busybox chown -R 7:8 /d'
    for state in running stopped; do
        in_lab 'rm -rf *; mkdir into
            berth cp out1:/d .; berth cp out1:/d new; berth cp out1:/d/. into; berth cp out1:/d/sub/f file
            berth cp out1:/d/l into/; berth cp out1:d/sub/../sub/f relative'
        in_lab 'for d in d new into; do [ "$(cat $d/sub/f)" = hi ]; [ "$(stat -c "%a %u:%g" $d/sub/f)" = "640 0:0" ]; done
            [ "$(readlink d/l)" = sub/f ]; [ d/h -ef d/sub/f ]
            [ -f into/l ]; [ ! -L into/l ]; [ "$(cat file relative)" = "$(printf "hi\nhi")" ]; [ ! -e into/d ]'
        in_lab 'berth cp out1:/d - | tar tvf - --numeric-owner > list; grep -Eq "7/8 .* d/sub/f($| link to d/h$)" list
            berth cp out1:/d/. - | tar tf - > list; grep -Eq "^sub/f$" list'
        [ $state = stopped ] || lab berth stop -t 0 out1
    done
}

@test "cp brings files and directories into running and stopped containers" {
    sleeper in1 --user 7:8
    for state in running stopped; do
        in_lab "rm -rf *; mkdir -p tree/sub; echo $state > tree/sub/f; chown 5:6 tree/sub/f; chmod 4755 tree/sub/f
            berth cp tree in1:/$state; berth cp -a=false tree/sub/f in1:/$state/kept; berth container cp tree/sub/f in1:/$state/
            tar cf - -C tree . | berth cp - in1:/$state/sub; berth cp in1:/$state - | tar xpf - --numeric-owner --same-owner"
        in_lab "cd $state; [ \"\$(stat -c '%u:%g %a' sub/f)\" = '7:8 4755' ]; [ \"\$(stat -c %u:%g kept)\" = 5:6 ]
            [ \"\$(cat f)\" = $state ]; [ \"\$(cat sub/sub/f)\" = $state ]"
        [ $state = stopped ] || lab berth stop -t 0 in1
    done
    lab berth start in1
    [ "$(lab berth exec in1 cat /stopped/sub/f)" = stopped ]
}

@test "cp maps ids of user namespaces, also from container to container" {
    sleeper ns1 --uidmap 0:200000:1000 --gidmap 0:200000:1000
    sleeper ns2 --uidmap 0:300000:1000 --gidmap 0:300000:1000 --user 7:8
    in_lab 'echo x > f; berth cp f ns1:/f; berth cp ns1:/f ns2:/f; berth cp ns1:/f back'
    [ "$(lab berth exec ns1 busybox stat -c %u:%g /f)" = 0:0 ]
    [ "$(lab berth exec ns2 busybox stat -c %u:%g /f)" = 7:8 ]
    [ "$(lab stat -c %u:%g /tmp/files/back)" = 0:0 ]
    lab berth stop -t 0 ns1 ns2
    in_lab 'echo y > f; berth cp f ns2:/g; berth cp ns2:/g ns1:/g; berth cp -a=false ns2:/g ns1:/h'
    lab berth start ns1
    [ "$(lab berth exec ns1 busybox stat -c %u:%g /g)" = 0:0 ]
    [ "$(lab berth exec ns1 busybox stat -c %u:%g /h)" = 7:8 ]
    [ "$(lab berth exec ns1 cat /h)" = y ]
}

@test "cp follows links of a container inside it, never out of it" {
    sleeper evil1
    in_lab 'mkdir host; echo secret > host/secret; echo new > f'
    lab berth exec evil1 sh -c 'mkdir /tmp; ln -s /tmp/files/host /out; ln -s ../../../../../../tmp/files/host/secret /up
        mkdir -p /d; ln -s /tmp/files/host /d/host; ln -s /tmp/files/host/created /dangling; ln -s /proc/1/root/etc /magic'
    for state in running stopped; do
        for path in /out/secret /up /magic/hostname /proc/1/root/etc/hostname /../../../tmp/files/host/secret; do
            run lab berth cp evil1:$path /tmp/files/stolen
            [ "$status" = 125 ]
            [[ $output == *"could not be found on container evil1"* ]]
            lab test ! -e /tmp/files/stolen
        done
        for path in /out/f /d/host/f /dangling; do
            run lab berth cp /tmp/files/f evil1:$path
            [ "$status" = 125 ]
        done
        # links inside of what is copied stay links, and nothing is written through them
        in_lab 'rm -rf copy; berth cp evil1:/d copy; [ "$(readlink copy/host)" = /tmp/files/host ]'
        in_lab 'mkdir -p w/d/host; echo pwned > w/d/host/secret'
        run lab berth cp /tmp/files/w/d evil1:/
        [ "$status" = 125 ]
        [[ $output == *"cannot overwrite non-directory 'd/host' with a directory"* ]]
        in_lab '[ "$(cat host/secret)" = secret ]; [ ! -e stolen ]; [ "$(ls host)" = secret ]'
        [ $state = stopped ] || lab berth stop -t 0 evil1
    done
}

@test "an archive for cp can not lead out of its destination" {
    sleeper evil2
    in_lab 'mkdir host x; ln -s /tmp/files/host x/link; echo p > x/f
        tar cf up.tar -P --transform "s,^x/f,../../f," x/f
        tar cf link.tar x/link; tar rf link.tar --transform "s,^x/f,x/link/f," x/f'
    run lab sh -c 'berth cp - evil2:/ < /tmp/files/up.tar'
    [ "$status" = 125 ]
    [[ $output == *"leads out of the archive"* ]]
    run lab sh -c 'berth cp - evil2:/ < /tmp/files/link.tar'
    [ "$status" = 125 ]
    [[ $output == *"through a symbolic link"* ]]
    in_lab '[ -z "$(ls host)" ]'
}

@test "cp has Podman's messages, and --overwrite" {
    sleeper say1
    in_lab 'echo f > f; mkdir dir'
    says() { # MESSAGE OPERANDS...
        local message=$1
        shift
        run lab berth cp "$@"
        [ "$status" = 125 ]
        [ "$output" = "Error: $message" ]
    }
    says '"/nope" could not be found on container say1: no such file or directory' say1:/nope /tmp/files/x
    says '"/nope" could not be found on the host: no such file or directory' /nope say1:/
    says 'container "nosuch" does not exist' nosuch:/x /tmp/files
    says '"/nodir/" could not be found on container say1: no such file or directory' /tmp/files/f say1:/nodir/
    says '"/nodir/x" could not be found on container say1: no such file or directory' /tmp/files/f say1:/nodir/x
    says '"/tmp/files/no/" could not be found on the host: no such file or directory' say1:/bin /tmp/files/no/
    says 'destination must be a directory when copying a directory' /tmp/files/dir say1:/bin/busybox
    says 'destination must be a directory when copying from stdin' - say1:/bin/busybox
    lab berth exec say1 mkdir -p /loop/sub
    says 'cannot copy the directory "/loop" into itself' say1:/loop say1:/loop/sub
    says 'cannot copy the directory "/loop" into itself' say1:/loop say1:/loop
    says 'name or ID cannot be empty' /tmp/files/f /tmp/files/g
    says 'invalid arguments "/tmp/files/f", "say1:": you must specify paths' /tmp/files/f say1:
    lab berth exec say1 sh -c 'mkdir -p /t/f'
    run lab berth cp /tmp/files/f say1:/t/
    [[ $output == *"cannot overwrite directory 'f' with a non-directory"* ]]
    lab berth cp --overwrite /tmp/files/f say1:/t/
    [ "$(lab berth exec say1 cat /t/f)" = f ]
}

@test "export writes the merged root without what is mounted" {
    sleeper ex1
    long=$(printf 'n%.0s' $(seq 150))
    lab berth exec ex1 sh -c "mkdir /new; echo hi > /new/$long; rm /bin/true"
    in_lab 'mkdir run stop; berth export ex1 | tar xf - -C run; berth stop -t 0 ex1
        berth export -o stop.tar ex1; tar xf stop.tar -C stop'
    for d in run stop; do
        in_lab "cd $d; [ \"\$(cat new/$long)\" = hi ]; [ ! -e bin/true ]; [ -x bin/busybox ]; [ -d proc ]; [ -z \"\$(ls proc)\" ]"
    done
    in_lab 'berth import stop.tar localhost/exported:1 > /dev/null; berth rmi localhost/exported:1 > /dev/null'
    run lab berth export nobody
    [ "$output" = 'Error: no container with name or ID "nobody" found: no such container' ]
}

@test "cp uses volumes of running and of stopped containers, and refuses what it can not tell" {
    in_lab 'mkdir vol; echo f > f'
    sleeper vol1 -v /tmp/files/vol:/data -v /tmp/files/vol:/locked:ro
    lab berth exec vol1 busybox ln -s /data /link
    in_lab 'berth cp f vol1:/data/; berth cp f vol1:/link/g; [ "$(cat vol/f vol/g)" = "$(printf "f\nf")" ]'
    lab berth stop -t 0 vol1
    in_lab 'echo s > s; berth cp s vol1:/data/; berth cp s vol1:/data/t; [ "$(cat vol/s vol/t)" = "$(printf "s\ns")" ]'
    in_lab 'berth cp vol1:/data/t back; [ "$(cat back)" = s ]'
    in_lab 'mkdir into; berth cp vol1:/data into; [ "$(ls into)" = data ]; [ "$(cat into/data/f)" = f ]'
    in_lab 'berth cp vol1:/locked/f ro; [ "$(cat ro)" = f ]'
    run lab berth cp /tmp/files/f vol1:/locked/n
    [ "$status" = 125 ]
    [[ $output == *"is in '/locked', which is read-only" ]]
    # by a link into the volume only the running container knows where that is
    for path in /link/h /new/../link/; do
        run lab berth cp /tmp/files/f vol1:$path
        [ "$status" = 125 ]
        [[ $output == *"is mounted only while container vol1 runs"* || $output == *"could not be found"* ]]
    done
    run lab berth cp vol1:/link/. /tmp/files/copy
    [[ $output == *"is in '/data', which is mounted only while container vol1 runs: start it, or copy to or from '/tmp/files/vol'" ||
        $output == *"is in '/locked', which is mounted only while"* ]]
    in_lab 'berth cp f vol1:/plain; [ "$(ls vol | tr "\n" " ")" = "f g s t " ]'
}
