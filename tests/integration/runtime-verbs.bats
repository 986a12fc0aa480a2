# SPDX-License-Identifier: Apache-2.0
# The life of containers by their verbs, in the words of Podman 5.4.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
}

service() { # NAME [FLAGS...]: one that ends on SIGTERM
    local name=$1
    shift
    lab berth run -d --name "$name" --network none "$@" $image sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done'
}

@test "an unknown container has Podman's message in every verb" {
    for verb in start stop restart pause unpause rm kill wait logs "exec foo ls"; do
        [[ $verb == *foo* ]] || verb="$verb foo"
        run lab berth $verb
        [ "$status" = "$([ "$verb" = "rm foo" ] && echo 1 || echo 125)" ]
        [[ $output == 'Error: no container with '*'"foo" found: no such container' ]]
    done
    run lab berth container exists foo
    [ "$status" = 1 ]
    run lab berth inspect foo
    [ "$status" = 125 ]
    [[ $output == *'[]'*'Error: no such object: "foo"'* ]]
}

@test "restart keeps the container, and works on stopped ones and by filter" {
    id=$(service one --label keep=1)
    before=$(lab berth inspect one --format '{{.State.Pid}}')
    [ "$(lab berth restart one)" = one ]
    after=$(lab berth inspect one --format '{{.Id}} {{.State.Pid}}')
    [ "${after% *}" = "$id" ]
    [ "${after#* }" != "$before" ]
    lab berth stop one
    [ "$(lab berth inspect one --format '{{.State.Status}} {{.State.ExitCode}}')" = "exited 5" ]
    lab berth restart --filter label=keep=1
    [ "$(lab berth ps --format '{{.Names}} {{.State}}')" = "one running" ]
}

@test "pause freezes, unpause thaws, stop ends what is frozen" {
    id=$(service two)
    [ "$(lab berth pause two)" = two ]
    [ "$(lab berth ps -a --format '{{.State}}')" = paused ]
    [[ $(lab berth ps -a --format '{{.Status}}') == "Up "*"(Paused)" ]]
    [ "$(property berth-two.service FreezerState)" = frozen ]
    run lab berth pause two
    [[ $output == "Error: \"$id\" is already paused: container state improper" ]]
    lab berth unpause --all
    run lab berth unpause two
    [[ $output == "Error: \"$id\" is not paused, can't unpause: container state improper" ]]
    lab berth pause two
    lab berth stop two
    [ "$(lab berth inspect two --format '{{.State.ExitCode}}')" = 5 ]
    run lab berth pause two
    [[ $output == *"is not running, can't pause: container state improper" ]]
}

@test "rename, also of one that runs; a name in use is refused" {
    service three > /dev/null
    lab berth create --name other --network none $image true > /dev/null
    lab berth rename three four
    [ "$(lab berth ps --format '{{.Names}}')" = four ]
    run lab berth rename four other
    [[ $output == *'the container name "other" is already in use by'* ]]
    run lab berth rename four /bad
    [[ $output == *'names must match'* ]]
    lab berth stop four
    lab berth start four
    lab berth rm -f four
}

@test "prune and rm by filter and cidfile leave the others" {
    service five --label a=1 --cidfile /tmp/five.cid > /dev/null
    lab berth create --name six --label a=2 --network none $image true > /dev/null
    lab berth create --name seven --network none $image true > /dev/null
    lab berth container prune -f --filter label=a=2 > /dev/null
    [ "$(lab berth ps -a --format '{{.Names}}' | sort | tr '\n' ' ')" = "five seven " ]
    lab berth container prune -f > /dev/null
    [ "$(lab berth ps -a --format '{{.Names}}')" = five ]
    lab berth rm -f -t 0 --cidfile /tmp/five.cid
    run lab berth rm --cidfile /tmp/nothing.cid
    [ "$status" = 125 ]
    lab berth rm --ignore --cidfile /tmp/nothing.cid
    [ -z "$(lab berth ps -aq)" ]
    lab rm -f /tmp/five.cid
}

@test "ps: fields, filters and tables as Podman has them" {
    service eight --label x=y > /dev/null
    lab berth create --name nine --network none -v /usr/share:/s:ro $image true > /dev/null
    [ "$(lab berth ps -a --filter status=created --format '{{.Names}}')" = nine ]
    [ "$(lab berth ps -a --filter volume=/s --format '{{.Names}} {{.Mounts}}')" = "nine /s" ]
    [ "$(lab berth ps --filter label=x --format '{{.Label "x"}}')" = y ]
    [ "$(lab berth ps -a --filter since=eight -q | wc -l)" = 1 ]
    [ "$(lab berth ps -a --sort names --format '{{.Names}}' | tr '\n' ' ')" = "eight nine " ]
    run lab berth ps --filter nope=1
    [ "$output" = "Error: nope is an invalid filter" ]
    run lab berth ps --format 'table {{.ID}} {{.Names}} {{.RunningFor}}'
    [[ ${lines[0]} == "CONTAINER ID  NAMES       RUNNING FOR" ]]
    run lab berth ps --ns
    [[ ${lines[0]} == "CONTAINER ID  NAMES       PID         CGROUPNS    IPC         MNT         NET         PIDNS       USERNS      UTS" ]]
    run lab berth ps -s --format '{{.Size}}'
    [[ $output =~ ^[0-9.]+.*\ \(virtual\ .*\)$ ]]
    lab sh -c "berth ps -a --format json | jq -e '.[0] | has(\"AutoRemove\") and has(\"Command\") and has(\"CIDFile\") and has(\"ExitedAt\") and has(\"Namespaces\") and has(\"PodName\") and has(\"StartedAt\")'"
}

@test "inspect has the fields that people ask Podman for" {
    lab berth create --name ten --network none --cap-add net_admin --cap-drop chown --security-opt no-new-privileges \
        --tmpfs /t -e A=b --entrypoint /bin/sleep --user 5:6 --device /dev/null:/dev/x:rw -v insp:/data $image 100 > /dev/null
    run lab berth inspect ten --format '{{.Path}} {{.Args}} {{.Config.Entrypoint}} {{.Config.Cmd}} {{.Config.User}}'
    [ "$output" = "/bin/sleep [100] [/bin/sleep] [100] 5:6" ]
    run lab berth inspect ten --format '{{.HostConfig.CapAdd}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.Tmpfs}}'
    [[ $output == "[CAP_NET_ADMIN] [CAP_CHOWN] [no-new-privileges] map[/t:"* ]]
    run lab berth inspect ten --format '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}}{{end}}'
    [ "$output" = "volume insp /data true" ]
    run lab berth inspect ten --format '{{(index .HostConfig.Devices 0).PathInContainer}} {{.Config.StopSignal}} {{.State.Status}}'
    [ "$output" = "/dev/x SIGTERM created" ]
    run lab berth inspect ten --format '{{index .Config.CreateCommand 1}} {{.Config.StopTimeout}}'
    [ "$output" = "create 10" ]
    lab rm -rf /var/lib/containers/storage/volumes/insp
}

@test "start -a runs in the foreground again, and takes one container" {
    lab berth create --name again --network none "$image" sh -c 'echo out; echo err >&2; exit 7' > /dev/null
    for _ in 1 2; do
        run lab berth start -a again
        [ "$status" = 7 ]
        [[ $output == *out* && $output == *err* && $output != *again* ]]
    done
    [ "$(lab berth inspect again --format '{{.State.ExitCode}}')" = 7 ]
    lab berth create --name reader --network none "$image" cat > /dev/null
    lab berth create -i --name reader2 --network none "$image" cat > /dev/null
    [ "$(echo typed | lab berth start -a -i reader2)" = typed ]
    run lab berth start -a again reader
    [ "$status" = 125 ]
    [[ $output == *"you cannot start and attach multiple containers at once"* ]]
}

@test "update changes limits on the unit and for the next start" {
    id=$(service lim --pids-limit 50)
    [ "$(lab berth update --memory 64m --pids-limit 60 lim)" = "$id" ]
    [ "$(property berth-lim.service MemoryMax)" = 67108864 ]
    [ "$(property berth-lim.service TasksMax)" = 60 ]
    lab berth restart lim > /dev/null
    [ "$(property berth-lim.service MemoryMax)" = 67108864 ]
    [ "$(lab berth inspect lim --format '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}')" = "67108864 60" ]
    [ "$(lab berth update lim)" = "$id" ]
    lab berth update --restart always lim
    [ "$(lab berth inspect lim --format '{{.HostConfig.RestartPolicy.Name}}')" = always ]
    run lab berth update --restart foo lim
    [ "$output" = 'Error: "foo" is not a valid restart policy: invalid argument' ]
    run lab berth update --name x lim
    [ "$status" = 125 ]
}

@test "attach follows, hands on signals and ends as the container does" {
    lab berth run -d --name att --network none "$image" \
        sh -c 'trap "echo got it; exit 9" TERM; echo early; while :; do echo tick; sleep 0.1; done' > /dev/null
    run lab sh -c 'timeout --preserve-status -s TERM 1 berth attach att'
    [ "$status" = 9 ]
    [[ $output == *tick*"got it" ]]
    run lab berth attach att
    [ "$status" = 125 ]
    [[ $output == "Error: attaching to container "*": you can only attach to running containers" ]]
}

@test "info and version answer templates by Podman's names" {
    run -0 lab berth info --format '{{.Host.OCIRuntime.Name}} {{.Host.CgroupsVersion}} {{.Host.Security.Rootless}} {{.Store.GraphDriverName}} {{.Store.GraphRoot}} {{.Host.EventLogger}}'
    [ "$output" = "berth v2 false overlay /var/lib/containers/storage journald" ]
    run -0 lab berth info --format '{{.Host.Distribution.Distribution}} {{.Store.VolumePath}} {{.Host.NetworkBackend}}'
    [ "$output" = "debian /var/lib/containers/storage/volumes native" ]
    [ "$(lab berth info --format '{{.Host.Kernel}}')" = "$(uname -r)" ]
    run lab berth info --format '{{.Host.Nonsense}}'
    [ "$status" = 125 ]
    # every member that Podman's has and that means something here
    ours=$(lab berth info --format json)
    for member in cgroupControllers cpuUtilization distribution idMappings memFree swapTotal uptime security; do
        [[ $ours == *"\"$member\""* ]]
    done
    run -0 lab berth version --format '{{.Client.Version}} {{.Client.OsArch}}'
    [[ $output =~ ^[0-9.]+\ linux/ ]]
    run lab berth version --format '{{.Nope}}'
    [ "$status" = 125 ]
    [ "$(lab berth network inspect podman --format '{{.Name}} {{.Driver}} {{.DNSEnabled}}')" = "podman bridge false" ]
}

@test "the clean-up that test suites begin with" {
    service one > /dev/null
    run -0 lab berth rm -t 0 --all --force --ignore
    run -0 lab berth pod rm -t 0 --all --force --ignore
    run -0 lab berth ps --all --external --format '{{.ID}} {{.Names}}'
    [ "$output" = "" ]
    run -0 lab berth volume rm -a -f
    run -0 lab berth network prune -f
    run -0 lab berth images --all --format '{{.Repository}}:{{.Tag}} {{.ID}}'
    [[ $output == *"$image "* ]]
    run -0 lab berth image exists "$image"
    run lab berth image exists nope
    [ "$status" = 1 ]
}

@test "system df counts what containers wrote, history is whole for scripts" {
    lab berth run -d --name df --network none $image sh -c 'head -c 100000 /dev/zero > /file; sleep 100' > /dev/null
    until_true 5 lab sh -c '[ "$(berth system df --format "{{.Type}} {{.Total}} {{.Active}} {{.RawSize}}" | grep Cont)" = "Containers 1 1 100000" ]'
    run -0 lab berth history --format json $image
    [[ $output == *'"tags"'*"\"$image\""* && $output =~ \"size\":\ [1-9] ]]
}

@test "exec: descriptors, files of variables, exit statuses, sessions" {
    service ex > /dev/null
    lab sh -c 'printf "FROM=file\n# no\nOVER=file\n" > /tmp/exec.env'
    [ "$(lab berth exec --env-file /tmp/exec.env -e OVER=flag ex sh -c 'echo $FROM $OVER')" = "file flag" ]
    [ "$(lab sh -c 'echo three > /tmp/three; exec 3< /tmp/three 5< /tmp/three; berth exec --preserve-fds 1 ex cat /proc/self/fd/3')" = three ]
    [ "$(lab sh -c 'exec 3< /tmp/three 5< /tmp/three; berth exec --preserve-fd 5 ex sh -c "cat <&5; readlink /proc/self/fd/3; cat <&4"')" = $'three\n/dev/null' ]
    run lab sh -c 'exec 3<&-; berth exec --preserve-fds 1 ex true'
    [ "$status" = 125 ]
    [ "$output" = "Error: file descriptor 3 is not available - the preserve-fds option requires that file descriptors must be passed" ]
    run lab berth exec --env-file /nosuch ex true
    [ "$status" = 125 ]
    [[ $output == *"/nosuch"* ]]
    run lab berth exec ex nosuch
    [ "$status" = 127 ]
    run lab berth exec ex /etc
    [ "$status" = 126 ]
    run lab berth exec ex sh -c 'exit 42'
    [ "$status" = 42 ]
    run lab berth exec --detach-keys ctrl-x ex true
    [ "$status" = 125 ]
    [[ $output == *"--detach-keys"* ]]
    id=$(lab berth exec -d ex sleep 1000)
    [[ $id =~ ^[0-9a-f]{64}$ ]]
    lab test -d "/sys/fs/cgroup/system.slice/berth-ex.service/exec-${id:0:12}"
    lab berth stop -t 0 ex
    run lab berth exec ex true
    [ "$status" = 255 ]
    [ "$output" = "Error: can only create exec sessions on running containers: container state improper" ]
    lab rm -f /tmp/exec.env /tmp/three
}

@test "wait for conditions" {
    lab berth create --name made --network none $image sleep 1000
    [ "$(lab berth wait made)" = 0 ]
    [ "$(lab berth wait --condition created made)" = -1 ]
    service up > /dev/null
    [ "$(lab berth wait --condition running,exited -i 10ms up)" = -1 ]
    lab berth wait --condition stopped -i 10ms up > "$BATS_TEST_TMPDIR/code" &
    lab berth stop up
    wait $!
    [ "$(cat "$BATS_TEST_TMPDIR/code")" = 5 ]
    run lab berth wait --condition foo up
    [ "$status" = 125 ]
    [ "$output" = "Error: unknown container state: foo: invalid argument" ]
    run lab berth wait --interval xx up
    [ "$output" = 'Error: time: invalid duration "xx"' ]
    run lab berth wait --condition healthy up
    [[ $output == 'Error: cannot use condition "healthy": container '*' has no healthcheck' ]]
}

@test "rm tells by its status what was wrong, rename to the same name is nothing" {
    service kept > /dev/null
    run lab berth rm kept
    [ "$status" = 2 ]
    [[ $output == *"cannot remove container "*"as it is running"* ]]
    run lab berth rm nosuch
    [ "$status" = 1 ]
    lab berth rename kept kept
    [ "$(lab berth inspect kept --format '{{.Name}}')" = kept ]
}

@test "update gives a running container a health check, another one, and none" {
    id=$(service sick)
    lab berth update --health-cmd 'test -e /fine' --health-interval 1s --health-retries 1 sick
    until_true 10 lab sh -c '[ "$(berth inspect sick --format "{{.State.Health.Status}}")" = unhealthy ]'
    lab berth update --health-cmd 'true' sick
    until_true 10 lab sh -c '[ "$(berth inspect sick --format "{{.State.Health.Status}}")" = healthy ]'
    lab berth update --no-healthcheck sick
    run lab berth healthcheck run sick
    [ "$status" = 125 ]
    [[ $output == *"has no defined healthcheck"* ]]
}

@test "what a killed launcher left is taken away, a container of a moment ago is not" {
    service live > /dev/null
    id=$(printf 'ab%.0s' $(seq 32))
    young=$(printf 'cd%.0s' $(seq 32))
    lab sh -c "cd /run/berth/containers && mkdir $id $young && touch -d '5 minutes ago' $id && mkdir -p /var/lib/containers/storage/berth/volatile/$id/upper"
    lab berth container prune -f
    lab test ! -e /run/berth/containers/$id
    lab test ! -e /var/lib/containers/storage/berth/volatile/$id
    lab test -d /run/berth/containers/$young
    [ "$(lab berth ps --format '{{.Names}}')" = live ]
    lab touch -d '5 minutes ago' /run/berth/containers/$young
    lab berth system gc > /dev/null
    lab test ! -e /run/berth/containers/$young
}

@test "the time zone is there again after a boot" {
    lab test -e /usr/share/zoneinfo/Asia/Tokyo || skip "the private systemd has no time zones"
    id=$(lab berth create --name zone --network none --tz Asia/Tokyo $image sh -c 'tail -n 1 /etc/localtime; sleep 1000')
    # what a boot does to /run
    lab rm -rf /run/berth/containers /run/berth/names /run/berth/restored
    lab berth start zone
    until_true 5 lab sh -c 'berth logs zone | grep -q JST'
    lab test -s /run/berth/containers/$id/localtime
}

@test "inspect has Podman's members where nothing was given, too" {
    service plain > /dev/null
    run lab berth inspect plain --format '{{.Config.HealthcheckOnFailureAction}} {{.Config.HealthLogDestination}} {{.Config.HealthcheckMaxLogCount}} {{.Config.HealthcheckMaxLogSize}} {{.HostConfig.CpuRealtimePeriod}} {{.HostConfig.MemorySwappiness}}{{.HostConfig.HostsFile}}'
    [ "$output" = "none local 5 500 0 0" ]
}

@test "--pidfile and --conmon-pidfile hold the payload's pid, at each start" {
    lab sh -c "cd /run && berth run -d --name pf --network none --pidfile pf.pid --conmon-pidfile /run/pf.conmon $image sleep 1000" > /dev/null
    pid=$(lab berth inspect --format '{{.State.Pid}}' pf)
    [ "$(lab cat /run/pf.pid)" = "$pid" ]
    [ "$(lab cat /run/pf.conmon)" = "$pid" ]
    [ "$(lab berth inspect --format '{{.PidFile}} {{.ConmonPidFile}}' pf)" = "/run/pf.pid /run/pf.conmon" ]
    lab berth restart -t 0 pf > /dev/null
    [ "$(lab cat /run/pf.pid)" = "$(lab berth inspect --format '{{.State.Pid}}' pf)" ]
    lab berth rm -f -t 0 pf > /dev/null
    lab rm -f /run/pf.pid /run/pf.conmon
    run lab berth run --rm --network none --pidfile /no/such/folder/pid $image true
    [ "$status" -ne 0 ]
    [[ $output == *"/no/such/folder"* ]]
}
