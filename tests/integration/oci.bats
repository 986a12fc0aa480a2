# SPDX-License-Identifier: Apache-2.0
# berth-oci: the commands as engines call them, the configuration executed whole, Podman on top of it.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
    bundle=$BERTH_TEST_WORK/oci-bundle
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab sh -c 'for id in $(berth-oci list -q); do berth-oci delete --force $id; done' 2> /dev/null || true
    # nothing of a container may be mounted in its folder
    run lab grep -c "$BERTH_TEST_WORK/oci-bundle" /proc/self/mountinfo
    [ "$output" = 0 ]
    lab rm -rf --one-file-system "$BERTH_TEST_WORK/oci-bundle"
}

# bundle EXPRESSION...: see oci-bundle.py
bundle() {
    lab python3 "$top/tests/integration/oci-bundle.py" "$bundle" "$@"
}

oci() {
    lab berth-oci "$@"
}

# run_bundle EXPRESSION...: makes it and runs it
run_bundle() {
    bundle "$@" && oci run -b "$bundle" o-run
}

@test "create, start, state, kill, delete: states, exit statuses, words" {
    bundle 'sh("trap \"exit 5\" TERM; echo up; while :; do sleep 0.1; done")'
    lab sh -c "berth-oci create -b $bundle --pid-file /run/o-pid o-1 > /run/o-out 2>&1 < /dev/null"
    [ "$(oci state o-1 | lab python3 -c 'import json, sys; s = json.load(sys.stdin); print(s["status"], s["id"], s["bundle"], s["pid"])')" = "created o-1 $bundle $(lab cat /run/o-pid)" ]
    # only the container's first process is there, its parent is whoever adopts
    [ -z "$(lab cat /run/o-out)" ]
    run oci create -b "$bundle" o-1
    [ "$status" = 1 ]
    [[ $output == *"already exists"* ]]
    run oci delete o-1
    [ "$status" = 1 ]
    [[ $output == *"not stopped"* ]]
    oci start o-1
    until_true 10 lab grep -q up /run/o-out
    [[ $(oci state o-1) == *'"running"'* ]]
    run oci start o-1
    [ "$status" = 1 ]
    [[ $output == *"in the running state"* ]]
    oci pause o-1
    [[ $(oci state o-1) == *'"paused"'* ]]
    run oci exec o-1 true
    [ "$status" = 1 ]
    oci resume o-1
    run oci exec o-1 sh -c 'echo inside; exit 4'
    [ "$status" = 4 ]
    [ "$output" = inside ]
    [ "$(oci list -q)" = o-1 ]
    [[ $(oci ps --format json o-1) =~ ^\[[0-9]+(,[0-9]+)*\]$ ]]
    [[ $(oci events --stats o-1) == '{"type":"stats","id":"o-1","data":{"cpu":'* ]]
    oci kill o-1 TERM
    until_true 10 lab sh -c 'berth-oci state o-1 | grep -q stopped'
    run oci kill o-1 KILL
    [ "$status" = 1 ]
    [ "$output" = "container not running" ]
    oci delete o-1
    run oci state o-1
    [ "$status" = 1 ]
    [ "$output" = 'container "o-1" does not exist' ]
    run oci delete o-1
    [ "$status" = 1 ]
    oci delete --force o-1
    [ -z "$(lab ls /run/berth-oci)" ]
    ! lab test -e /sys/fs/cgroup/o-1
    # two containers at a time do not mix; a created one is deleted with --force
    lab sh -c "berth-oci create -b $bundle o-1 < /dev/null > /dev/null 2>&1; berth-oci delete --force o-1"
    [ -z "$(oci list -q)" ]
}

@test "run: the process's status; logs as JSON; unknown options and versions fail" {
    run run_bundle 'sh("id -u; exit 3")'
    [ "$status" = 3 ]
    [ "$output" = 0 ]
    [ -z "$(oci list -q)" ]
    bundle 'c["process"]["args"] = ["nosuch"]'
    run oci --log /run/o-log --log-format json run -b "$bundle" o-1
    [ "$status" = 1 ]
    [[ $output == *"executable file 'nosuch' not found in \$PATH: No such file or directory"* ]]
    [ "$(lab python3 -c 'import json; l = json.loads(open("/run/o-log").readlines()[-1]); print(l["level"], "nosuch" in l["msg"], l["time"][:2])')" = "error True 20" ]
    run oci run --no-such-option -b "$bundle" o-1
    [ "$status" = 1 ]
    run oci frobnicate
    [ "$status" = 1 ]
    run oci create -b "$bundle" ../x
    [ "$status" = 1 ]
    bundle 'c["ociVersion"] = "7.0.0"'
    run oci run -b "$bundle" o-1
    [ "$status" = 1 ]
    [[ $output == *7.0.0* ]]
    [ "$(oci features | lab python3 -c 'import json, sys; f = json.load(sys.stdin); print(f["linux"]["mountExtensions"]["idmap"]["enabled"], "rro" in f["mountOptions"], len(f["hooks"]))')" = "True True 6" ]
    [[ $(oci --version | head -1) == "berth-oci version "* ]]
}

@test "a container's mounts do not appear on the host, where its folder is shared" {
    lab mount --make-shared / 2> /dev/null || true
    bundle 'sh("mount -t tmpfs t /data; sleep 1000")' 'c["process"]["capabilities"] = {s: ["CAP_SYS_ADMIN"] for s in ("bounding", "effective", "permitted")}' \
        'c["mounts"].append({"destination": "/tmp", "source": "/tmp", "options": ["rbind"]})'
    oci run -d -b "$bundle" o-1 < /dev/null > /dev/null 2>&1
    until_true 10 lab sh -c 'berth-oci exec o-1 grep -q " /data " /proc/mounts'
    [ -z "$(lab ls "$bundle/rootfs/proc" "$bundle/rootfs/data" | grep -v :)" ]
    [ "$(lab grep -c oci-bundle /proc/self/mountinfo)" = 0 ]
}

@test "namespaces: new ones, joined ones, a path of another kind is refused" {
    bundle 'sh("sleep 1000")'
    lab sh -c "berth-oci run -d -b $bundle o-1 < /dev/null > /dev/null 2>&1"
    pid=$(oci state o-1 | lab python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')
    for ns in net ipc uts pid mnt cgroup; do
        [ "$(lab readlink "/proc/$pid/ns/$ns")" != "$(lab readlink "/proc/1/ns/$ns")" ]
    done
    bundle2=$bundle-2
    lab python3 "$top/tests/integration/oci-bundle.py" "$bundle2" 'sh("readlink /proc/self/ns/net; readlink /proc/self/ns/ipc; ps | grep -c \"sleep 1000\"")' \
        "join('network', '/proc/$pid/ns/net')" "join('ipc', '/proc/$pid/ns/ipc')" "join('pid', '/proc/$pid/ns/pid')"
    run oci run -b "$bundle2" o-2
    [ "${lines[0]}" = "$(lab readlink "/proc/$pid/ns/net")" ]
    [ "${lines[1]}" = "$(lab readlink "/proc/$pid/ns/ipc")" ]
    [ "${lines[2]}" -ge 1 ]
    lab python3 "$top/tests/integration/oci-bundle.py" "$bundle2" "join('network', '/proc/$pid/ns/ipc')"
    run oci run -b "$bundle2" o-2
    [ "$status" = 1 ]
    [[ $output == *"is no network namespace"* ]]
    lab rm -rf --one-file-system "$bundle2"
}

@test "user, time and uts: maps, offsets, names" {
    run run_bundle 'sh("cat /proc/self/uid_map; hostname; dmesg > /dev/null; stat -c %u /bin/busybox")' \
        'c["linux"]["namespaces"].append({"type": "user"})' \
        'c["linux"]["uidMappings"] = c["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 0, "size": 1}, {"containerID": 1, "hostID": 100001, "size": 10}]'
    [[ ${lines[0]} =~ ^\ +0\ +0\ +1$ ]]
    [[ ${lines[1]} =~ ^\ +1\ +100001\ +10$ ]]
    run run_bundle 'sh("cut -d. -f1 /proc/uptime; hostname; cat /proc/sys/kernel/domainname")' 'c["domainname"] = "dom.example"' \
        'c["linux"]["namespaces"].append({"type": "time"})' 'c["linux"]["timeOffsets"] = {"boottime": {"secs": 9000000, "nanosecs": 0}}'
    [ "$status" = 0 ]
    [ "${lines[0]}" -ge 9000000 ]
    [ "${lines[1]}" = berth ]
    [ "${lines[2]}" = dom.example ]
    run run_bundle 'c["linux"]["timeOffsets"] = {"boottime": {"secs": 1}}'
    [ "$status" = 1 ]
    [[ $output == *"time namespace"* ]]
}

@test "hooks run in their order, in their namespaces, with the state on standard input" {
    lab mkdir -p /run/o-data
    lab sh -c 'cat > /run/o-hook; chmod 755 /run/o-hook' << 'E'
#!/bin/sh
state=$(cat)
status=$(echo "$state" | sed 's/.*"status":"\([a-z]*\)".*/\1/')
here=host; [ "$(readlink /proc/self/ns/uts)" = "$(readlink /proc/1/ns/uts)" ] || here=container
echo "$1 $status $here $E" >> /run/o-data/o-hooks
E
    bundle 'sh("echo payload >> /data/log")' \
        'c["mounts"].append({"destination": "/data", "source": "/run/o-data", "options": ["bind"]})' \
        'c["hooks"] = {k: [{"path": "/run/o-hook", "args": ["o-hook", k], "env": ["E=e", "PATH=/usr/bin:/bin"]}] for k in ("prestart", "createRuntime", "createContainer", "poststart", "poststop")}' \
        'c["hooks"]["startContainer"] = [{"path": "/bin/sh", "args": ["sh", "-c", "cat > /dev/null; echo startContainer >> /data/o-hooks"]}]'
    lab rm -f /run/o-data/o-hooks /run/o-data/log
    lab sh -c "berth-oci create -b $bundle o-1 < /dev/null > /dev/null 2>&1; berth-oci start o-1"
    until_true 10 lab sh -c 'berth-oci state o-1 | grep -q stopped'
    oci delete o-1
    [ "$(lab cut -d' ' -f1 /run/o-data/o-hooks | paste -sd' ')" = "prestart createRuntime createContainer startContainer poststart poststop" ]
    [ "$(lab sed -n 2p /run/o-data/o-hooks)" = "createRuntime creating host e" ]
    [ "$(lab sed -n 3p /run/o-data/o-hooks | cut -d' ' -f1-2)" = "createContainer creating" ]
    [[ $(lab tail -1 /run/o-data/o-hooks) == "poststop stopped host e" ]]
    bundle 'c["hooks"] = {"createRuntime": [{"path": "/bin/false"}]}'
    run oci run -b "$bundle" o-1
    [ "$status" = 1 ]
    [[ $output == *"createRuntime hook '/bin/false' failed with exit status 1"* ]]
    bundle 'c["hooks"] = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "100"], "timeout": 1}]}'
    run oci run -b "$bundle" o-1
    [ "$status" = 1 ]
    [[ $output == *"did not end within 1 seconds"* ]]
    [ -z "$(oci list -q)" ]
}

@test "process: user, groups, umask, capabilities, limits, scheduling, personality" {
    run run_bundle 'sh("id -u; id -G; umask; grep -E \"^Cap(Prm|Eff|Amb|Inh|Bnd)\" /proc/self/status; ulimit -n; cat /proc/self/oom_score_adj; cut -d\" \" -f19 /proc/self/stat; uname -m; grep Cpus_allowed_list /proc/self/status; echo $HOME")' \
        'c["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [5, 6], "umask": 0o27}' \
        'c["process"]["capabilities"] = {s: ["CAP_CHOWN"] for s in ("bounding", "effective", "permitted", "inheritable", "ambient")}' \
        'c["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "hard": 100, "soft": 90}]' 'c["process"]["oomScoreAdj"] = 500' \
        'c["process"]["scheduler"] = {"policy": "SCHED_OTHER", "nice": 7}' 'c["linux"]["personality"] = {"domain": "LINUX32"}' \
        'c["process"]["execCPUAffinity"] = {"final": "0"}' 'c["process"]["ioPriority"] = {"class": "IOPRIO_CLASS_IDLE", "priority": 0}'
    [ "$status" = 0 ]
    [ "${lines[0]}" = 1000 ]
    [ "${lines[1]}" = "1000 5 6" ]
    [ "${lines[2]}" = 0027 ]
    for i in 3 4 5 6 7; do
        [[ ${lines[$i]} == *0000000000000001 ]]
    done
    [ "${lines[8]}" = 90 ]
    [ "${lines[9]}" = 500 ]
    [ "${lines[10]}" = 7 ]
    [ "${lines[11]}" = i686 ]
    [[ ${lines[12]} =~ 0$ ]]
    [ "${lines[13]}" = /home/app ]
    run run_bundle 'c["process"]["apparmorProfile"] = "nosuch"'
    lab test -d /sys/kernel/security/apparmor || { [ "$status" = 1 ] && [[ $output == *AppArmor* ]]; }
    run run_bundle 'c["linux"]["intelRdt"] = {"closID": "x"}'
    [ "$status" = 1 ]
    [[ $output == *intelRdt* ]]
}

@test "seccomp: arguments, errno, default errno, a listener" {
    run run_bundle 'sh("mkdir /data/a; mkdir /data/b && echo both; chmod 777 /data; hostname x")' \
        'c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "flags": ["SECCOMP_FILTER_FLAG_LOG"], "syscalls": [
            {"names": ["chmod", "fchmodat", "fchmod", "nosuchcall"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
            {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 9, "op": "SCMP_CMP_EQ"}]}]}'
    [[ $output == *both* ]]
    [[ $output == *"chmod: "*"No space left on device"* ]]
    run run_bundle 'sh("sleep 100 & kill -9 $!; kill -15 $! && echo term")' \
        'c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 9, "op": "SCMP_CMP_EQ"}]}]}'
    [[ $output == *"not permitted"* ]]
    [[ $output == *term* ]]
    lab sh -c 'cat > /run/o-listen.py' << 'E'
import array, json, os, socket
s = socket.socket(socket.AF_UNIX); s.bind("/run/o-listen"); s.listen(1)
open("/run/o-listen.ready", "w").close()
c, _ = s.accept()
data, anc, _, _ = c.recvmsg(65536, 4096)
fds = array.array("i"); fds.frombytes(anc[0][2])
state = json.loads(data)
print(os.readlink("/proc/self/fd/%d" % fds[0]), state["fds"], state["metadata"], state["state"]["id"], flush=True)
E
    lab sh -c 'rm -f /run/o-listen*.ready /run/o-listen; timeout 30 python3 /run/o-listen.py > /run/o-listen.out 2>&1 &'
    until_true 10 lab test -e /run/o-listen.ready
    run run_bundle 'sh("echo done")' 'c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/o-listen", "listenerMetadata": "m", "syscalls": [{"names": ["mknod"], "action": "SCMP_ACT_NOTIFY"}]}'
    [ "$output" = "done" ]
    until_true 10 lab test -s /run/o-listen.out
    [ "$(lab cat /run/o-listen.out)" = "anon_inode:seccomp notify ['seccompFd'] m o-run" ]
}

@test "mounts: recursive read-only, id-mapped, copied-up tmpfs, sysctls, devices, masks" {
    lab sh -c 'mkdir -p /run/o-tree/sub; mountpoint -q /run/o-tree/sub || mount -t tmpfs t /run/o-tree/sub; touch /run/o-tree/f; chown 1234 /run/o-tree/f'
    run run_bundle 'sh("touch /data/x; touch /data/sub/x; touch /tmp/ok; ls /etc; touch /etc/new && echo wrote; cat /proc/sys/net/ipv4/ip_forward; stat -c %t:%T:%a /dev/fuse2; cat /proc/keys | wc -c; echo 1 > /proc/sys/kernel/shmmax; mknod /tmp/kmsg c 1 11 && cat /tmp/kmsg")' \
        'c["mounts"] += [{"destination": "/data", "source": "/run/o-tree", "options": ["rbind", "rro"]}, {"destination": "/etc", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup"]}]' \
        'c["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}' 'c["linux"]["devices"] = [{"path": "/dev/fuse2", "type": "c", "major": 10, "minor": 229, "fileMode": 0o640, "uid": 0, "gid": 0}]' \
        'c["process"]["capabilities"] = {s: ["CAP_MKNOD", "CAP_SYS_ADMIN"] for s in ("bounding", "effective", "permitted")}' \
        'c["linux"]["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}'
    [[ $output == *"/data/x: Read-only file system"* ]]
    [[ $output == *"/data/sub/x: Read-only file system"* ]]
    [[ $output == *passwd* ]]
    [[ $output == *wrote* ]]
    [[ $output == *"
1
"* ]]
    [[ $output == *"a:e5:640"* ]]
    [[ $output == *"shmmax: Read-only file system"* ]]
    # the node can be made, the device behind it is not the container's
    [[ $output == *"/tmp/kmsg"*"ot permitted"* ]]
    run run_bundle 'sh("stat -c %u /data/f")' \
        'c["mounts"].append({"destination": "/data", "source": "/run/o-tree", "options": ["bind"], "uidMappings": [{"containerID": 1234, "hostID": 77, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 0, "size": 1}]})' \
        'c["mounts"][-1]["options"].append("idmap")'
    [ "$output" = 77 ]
    run run_bundle 'c["linux"]["sysctl"] = {"kernel.core_pattern": "|/bin/x"}'
    [ "$status" = 1 ]
    [[ $output == *kernel.core_pattern* ]]
    lab umount /run/o-tree/sub
}

@test "podman --runtime berth-oci: run, exec, logs, pause, stop, terminal, errors" {
    lab sh -c 'printf "[containers]\npids_limit=0\ndefault_ulimits=[\"nofile=1024:1024\",\"nproc=1024:1024\"]\n" > /run/o-containers.conf'
    podman() { lab env CONTAINERS_CONF=/run/o-containers.conf podman --cgroup-manager "${manager:-cgroupfs}" --runtime /usr/bin/berth-oci "$@"; }
    for manager in cgroupfs systemd; do
        run podman run --rm --network none $image sh -c 'id -u; exit 7'
        [ "$status" = 7 ]
        [ "$output" = 0 ]
        podman run -d --name o-p --network none $image sh -c 'trap "exit 3" TERM; echo started; while :; do sleep 0.1; done' > /dev/null
        run podman exec o-p sh -c 'echo in; exit 6'
        [ "$status" = 6 ]
        [ "$output" = in ]
        [[ $(podman exec -t o-p tty) == /dev/pts/* ]]
        [ "$(podman logs o-p)" = started ]
        podman pause o-p
        [ "$(podman inspect -f '{{.State.Status}}' o-p)" = paused ]
        podman unpause o-p
        podman stop o-p
        [ "$(podman inspect -f '{{.State.ExitCode}}' o-p)" = 3 ]
        podman start o-p
        podman rm -f -t 0 o-p
    done
    run podman run --rm --network none $image nosuch
    [ "$status" = 127 ]
    run podman run --rm --network none $image /etc/passwd
    [ "$status" = 126 ]
    [[ $(podman run --rm -t --network none $image tty) == /dev/pts/* ]]
    [ -z "$(oci list -q)" ]
}

@test "podman pods on berth-oci: shared namespaces, stop, remove" {
    lab sh -c 'printf "[containers]\npids_limit=0\ndefault_ulimits=[\"nofile=1024:1024\",\"nproc=1024:1024\"]\n" > /run/o-containers.conf'
    podman() { lab env CONTAINERS_CONF=/run/o-containers.conf podman --cgroup-manager systemd --runtime /usr/bin/berth-oci "$@"; }
    podman pod create --name o-pod --network none > /dev/null
    podman run -d --pod o-pod --name o-one $image sleep 1000 > /dev/null
    podman run -d --pod o-pod --name o-two $image sleep 1000 > /dev/null
    [ "$(podman exec o-one readlink /proc/self/ns/net)" = "$(podman exec o-two readlink /proc/self/ns/net)" ]
    [ "$(podman exec o-one hostname)" = o-pod ]
    podman pod stop -t 0 o-pod
    podman pod rm -f o-pod
    [ -z "$(oci list -q)" ]
    [ -z "$(lab sh -c 'systemctl list-units --no-legend "libpod-*.scope"')" ]
}

@test "containerd's runc shim on berth-oci: run, exec, pause, metrics, kill" {
    lab sh -c 'command -v containerd > /dev/null' || skip "containerd is missing: install the package containerd"
    # no controllers may be here, and ctr asks for processor shares unless told otherwise
    run lab bash -s "$BERTH_TEST_WORK" "$image" << 'E'
set -u
work=$1 image=$2
mkdir -p /run/o-ctrd "$work/ctrd"
cat > /run/o-ctrd/config.toml << T
version = 2
root = "$work/ctrd"
state = "/run/o-ctrd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "/run/o-ctrd/sock"
T
containerd -c /run/o-ctrd/config.toml > /run/o-ctrd/log 2>&1 &
daemon=$!
for i in $(seq 200); do [ -S /run/o-ctrd/sock ] && break; sleep 0.1; done
ctr() { command timeout 60 ctr -a /run/o-ctrd/sock "$@" < /dev/null; }
skopeo copy -q containers-storage:$image oci-archive:$work/ctrd/image.tar:$image
ctr image import --snapshotter native $work/ctrd/image.tar > /dev/null
flags="--runc-binary /usr/bin/berth-oci --snapshotter native --cpu-shares 0 --runtime io.containerd.runc.v2"
name=$(ctr image ls -q | head -1)
ctr run --rm $flags $name o-c1 sh -c 'id -u; exit 5'
echo "run $?"
ctr run -d $flags $name o-c2 sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done' > /dev/null
ctr task exec --exec-id e1 o-c2 sh -c 'echo inside; exit 4'
echo "exec $?"
ctr task ls | awk '$1 == "o-c2" {print $3}'
ctr task pause o-c2
ctr task ls | awk '$1 == "o-c2" {print $3}'
ctr task resume o-c2
ctr task metrics o-c2 > /dev/null && echo metrics
ctr task kill o-c2
for i in $(seq 100); do ctr task ls | grep -q STOPPED && break; sleep 0.1; done
ctr task rm o-c2
ctr container rm o-c2
kill $daemon
wait
rm -rf "$work/ctrd" /run/o-ctrd
E
    echo "$output"
    [[ $output == *"0
run 5"* ]]
    [[ $output == *"inside
exec 4
RUNNING
PAUSED
metrics"* ]]
    [[ $output == *"exit code 3"* ]]
}

@test "rootless podman on berth-oci: run, exec, terminal, stop, keep-id, the host's network" {
    local home=$BERTH_TEST_WORK/home-oci
    lab sh -ec "useradd -m -d $home -s /bin/sh o-user
        for f in /etc/subuid /etc/subgid; do sed -i /^o-user:/d \$f; echo o-user:400000:65536 >> \$f; done
        systemctl start user@\$(id -u o-user)
        skopeo copy -q containers-storage:$image docker-archive:$BERTH_TEST_WORK/oci-user.tar:$image
        chmod 755 $BERTH_TEST_WORK; chmod 644 $BERTH_TEST_WORK/oci-user.tar
        mkdir -p $home/.config/containers
        printf '[containers]\npids_limit=0\ndefault_ulimits=[\"nofile=1024:1024\",\"nproc=1024:1024\"]\n' > $home/.config/containers/containers.conf
        chown -R o-user $home/.config"
    as() {
        lab sh -c 'cd /; u=$(id -u o-user); exec setpriv --reuid $u --regid $u --init-groups env -i HOME='"$home"' USER=o-user \
            PATH=/usr/bin:/bin:/usr/sbin:/sbin XDG_RUNTIME_DIR=/run/user/$u podman --cgroup-manager cgroupfs --runtime /usr/bin/berth-oci "$@"' sh "$@"
    }
    as load -qi "$BERTH_TEST_WORK/oci-user.tar"
    run as run --rm --network none $image sh -c 'id -u; awk "{print \$2}" /proc/self/uid_map | paste -sd" "; echo x > /dev/null; exit 5'
    first=$status first_lines=("${lines[@]}")
    as run -d --name o-rootless --network none $image sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done' > /dev/null
    inside=$(as exec o-rootless id -u)
    terminal=$(as exec -t o-rootless tty)
    as stop o-rootless > /dev/null
    ended=$(as inspect -f '{{.State.ExitCode}}' o-rootless)
    as rm -f o-rootless > /dev/null
    kept=$(as run --rm --network none --userns keep-id $image id -u)
    devices=$(as run --rm --network host $image ls /sys/class/net)
    uid=$(lab id -u o-user)
    lab sh -c "systemctl stop user@$uid; userdel -rf o-user; rm -f $BERTH_TEST_WORK/oci-user.tar" 2> /dev/null || true
    [ "$first" = 5 ]
    [ "${first_lines[0]}" = 0 ]
    [ "${first_lines[1]}" = "$uid 400000" ]
    [ "$inside" = 0 ]
    [[ $terminal == /dev/pts/* ]]
    [ "$ended" = 3 ]
    [ "$kept" = "$uid" ]
    [[ $devices == *lo* ]]
}

# podman5 ARGS...: podman 5.4 of a Debian 13 tree, with our program as its runtime, in namespaces of its own
podman5() {
    unshare -mpf --propagation private sh -ec '
        root=$1 work=$2
        shift 2
        mount --bind "$root" "$root"
        mount -t tmpfs tmpfs "$root/run"
        mount -t tmpfs tmpfs "$root/mnt"
        mkdir "$root/mnt/work"
        mount -t proc proc "$root/proc"
        mount --rbind /sys "$root/sys"
        mount --rbind /dev "$root/dev"
        mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
        mount --bind "$work" "$root/mnt/work"
        printf "[containers]\npids_limit=0\ndefault_ulimits=[\"nofile=1024:1024\",\"nproc=1024:1024\"]\n" > "$root/mnt/containers.conf"
        cp "$work/stage/usr/bin/berth" "$root/mnt/berth-oci"
        CONTAINERS_CONF=/mnt/containers.conf exec chroot "$root" sh -ec "
            podman() { command podman --root /mnt/work/podman5 --runroot /run/store --storage-driver overlay \
                --cgroup-manager cgroupfs --runtime /mnt/berth-oci \"\$@\"; }
            $*"' sh "$BERTH_DEBIAN13" "$BERTH_TEST_WORK" "$@"
}

@test "podman 5.4 --runtime berth-oci: run, exec, pod, stop, terminal, errors" {
    [ -x "${BERTH_DEBIAN13:-}/usr/bin/podman" ] || skip "no Debian 13 tree with podman 5.4"
    chroot "$BERTH_DEBIAN13" sh -c 'ls /usr/lib/*/libjson-glib-1.0.so.0' > /dev/null || skip "the Debian 13 tree lacks libjson-glib"
    run podman5 'podman pull -q oci:/mnt/work/oci:web > /dev/null; image=$(podman images -q | head -1)
        podman info --format "{{.Host.OCIRuntime.Name}}"
        podman run --rm --network none $image sh -c "id -u; exit 7" || echo "status $?"
        podman run -d --name p --network none $image sh -c "trap \"exit 3\" TERM; echo started; while :; do sleep 0.1; done" > /dev/null
        podman exec p sh -c "echo in; exit 6" || echo "status $?"
        podman exec -t p tty | tr -d "\r"
        podman pause p && podman inspect -f "{{.State.Status}}" p
        podman unpause p
        podman logs p
        podman stop p; podman inspect -f "{{.State.ExitCode}}" p
        podman run --rm --network none $image nosuch 2> /dev/null || echo "status $?"
        podman run --rm --network none $image /etc/passwd 2> /dev/null || echo "status $?"
        podman run --rm --network none --read-only --cap-drop all --user 5 $image sh -c "grep CapEff /proc/self/status; touch /x 2> /dev/null || echo read-only"
        podman pod create --network none --name pd > /dev/null
        podman run --rm --pod pd $image echo in pod
        podman pod rm -f -t 0 pd > /dev/null
        podman rm -f -t 0 -a > /dev/null; /mnt/berth-oci list -q'
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(printf '%s\n' "${lines[@]}" | sed 's|/dev/pts/[0-9]*|PTS|' | tr '\n' '|')" = "/mnt/berth-oci|0|status 7|in|status 6|PTS|p|paused|p|started|p|3|status 127|status 126|$(printf 'CapEff:\t0000000000000000')|read-only|in pod|" ]
    rm -rf --one-file-system "$BERTH_TEST_WORK/podman5"
}
