# SPDX-License-Identifier: Apache-2.0
# Pods: namespaces that containers share and no process holds; the verbs, members, .pod units.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab sh -c 'systemctl stop web-pod.service one.service two.service; rm -f /etc/containers/systemd/web.pod; systemctl daemon-reload' > /dev/null 2>&1 || true
    forget one two
    lab sh -c 'berth pod rm -f -t 0 --all; berth rm -f -t 0 --all' > /dev/null 2>&1 || true
}

@test "create, ps, inspect, exists and rm, in Podman's words" {
    id=$(lab berth pod create --name p1 --label x=y --network none)
    [[ $id =~ ^[0-9a-f]{64}$ ]]
    run lab berth pod create --network none p1
    [ "$status" = 125 ]
    [ "$output" = 'Error: adding pod to state: name "p1" is in use: pod already exists' ]
    lab berth pod exists p1
    lab berth pod exists "${id:0:10}"
    run lab berth pod exists nope
    [ "$status" = 1 ]
    run lab berth pod ps
    [[ ${lines[0]} =~ ^"POD ID"\ +NAME\ +STATUS\ +CREATED\ +"INFRA ID"\ +"# OF CONTAINERS"$ ]]
    [[ ${lines[1]} =~ ^${id:0:12}\ +p1\ +Created\ .*\ 0$ ]]
    [ "$(lab berth pod ps -q --no-trunc --filter label=x=y)" = "$id" ]
    [ -z "$(lab berth pod ps -q --filter status=running)" ]
    run lab berth pod ps --filter bogus=1
    [ "$output" = "Error: bogus is an invalid filter" ]
    run lab berth pod inspect p1 --format '{{.Name}} {{.State}} {{.ExitPolicy}} {{.NumContainers}} {{.SharedNamespaces}} {{.Labels}} {{.InfraConfig.HostNetwork}}'
    [ "$output" = "p1 Created continue 0 [ipc net uts] map[x:y] false" ]
    run lab berth pod inspect nope
    [ "$status" = 125 ]
    [[ $output == *"Error: no such pod nope" ]]
    run lab berth pod rm nope
    [ "$status" = 1 ]
    [ "$output" = "Error: no pod with name or ID nope found: no such pod" ]
    lab berth pod rm -f nope
    lab berth pod rm -i nope
    run lab berth pod start nope
    [ "$status" = 125 ]
    run lab berth pod create --share foo p2
    [ "$output" = "Error: invalid kernel namespace to share: foo. Options are: cgroup, ipc, net, pid, uts or none" ]
    run lab berth pod create --share pid p2
    [[ $output == *"--share pid is not supported"* ]]
    run lab berth pod create --exit-policy foo p2
    [ "$output" = 'Error: running pod create option: invalid pod exit policy: "foo"' ]
    run lab berth pod create --network nonexist p2
    [ "$output" = "Error: unable to find network with name or ID nonexist: network not found" ]
    new=$(lab berth pod create --replace --network none --name p1 --pod-id-file /run/p1.id)
    [ "$new" != "$id" ]
    [ "$(lab cat /run/p1.id)" = "$new" ]
    [ "$(lab berth pod rm --pod-id-file /run/p1.id)" = "$new" ]
    [ -z "$(lab berth pod ps -q)" ]
}

@test "containers of a pod share localhost and host name, and nothing holds the pod" {
    id=$(lab berth pod create --network none --hostname shared p)
    [ "$(lab berth pod start p)" = p ]
    [ "$(lab berth pod ps --format '{{.Status}}')" = Running ]
    [ "$(lab sh -c "stat -f -c %T /run/berth/pods/$id/*" | grep -c nsfs)" = 3 ]
    one=$(lab berth run -d --pod p --name one $image sleep 1000)
    lab berth run -d --pod p --name two $image sleep 1000 > /dev/null
    [ "$(lab berth exec one readlink /proc/self/ns/net)" = "$(lab berth exec two readlink /proc/self/ns/net)" ]
    [ "$(lab berth exec one readlink /proc/self/ns/ipc)" = "$(lab berth exec two readlink /proc/self/ns/ipc)" ]
    [ "$(lab berth exec one readlink /proc/self/ns/uts)" = "$(lab berth exec two readlink /proc/self/ns/uts)" ]
    [ "$(lab berth exec one readlink /proc/self/ns/pid)" != "$(lab berth exec two readlink /proc/self/ns/pid)" ]
    [ "$(lab berth exec one readlink /proc/self/ns/net)" != "$(lab readlink /proc/self/ns/net)" ]
    [ "$(lab berth exec two cat /proc/sys/kernel/hostname)" = shared ]
    [ "$(lab berth exec two cat /etc/hostname)" = shared ]
    [ "$(lab berth inspect one --format '{{.Pod}}')" = "$id" ]
    [ "$(lab berth ps --pod --filter pod=p --filter name=one --format '{{.Names}} {{.Pod}} {{.PodName}}')" = "one ${id:0:12} p" ]
    [ "$(lab berth pod inspect p --format '{{range .Containers}}{{.Name}}={{.State}} {{end}}')" = "one=running two=running " ]
    run lab berth pod rm p
    [ "$status" = 125 ]
    [[ $output == *"cannot remove container $one as it is running - running or paused containers cannot be removed without force: container state improper" ]]
    lab berth pod pause p
    [ "$(lab berth pod ps --format '{{.Status}}')" = Paused ]
    lab berth pod unpause p
    lab berth stop -t 0 two > /dev/null
    [ "$(lab berth pod ps --format '{{.Status}} {{.NumberOfContainers}}')" = "Degraded 2" ]
    [ "$(lab berth pod stop -t 0 p)" = p ]
    [ "$(lab berth pod ps --format '{{.Status}}')" = Exited ]
    run ! lab grep "/run/berth/pods/$id" /proc/self/mountinfo
    lab berth start one > /dev/null
    [ "$(lab berth exec one cat /proc/sys/kernel/hostname)" = shared ]
    [ "$(lab berth pod rm -f -t 0 p)" = "$id" ]
    run lab berth ps -a -q
    [ -z "$output" ]
    run ! lab grep "/run/berth/pods" /proc/self/mountinfo
}

@test "what is the pod's to say is refused of a container" {
    lab berth pod create --network none p > /dev/null
    run lab berth run --pod p -p 80:80 $image true
    [ "$status" = 125 ]
    [ "$output" = "Error: invalid config provided: published or exposed ports must be defined when the pod is created: network cannot be configured when it is shared with a pod" ]
    run lab berth run --pod p --hostname x $image true
    [ "$status" = 125 ]
    [ "$output" = "Error: invalid config provided: cannot set hostname when joining the pod UTS namespace: invalid configuration" ]
    run lab berth run --pod p --add-host a:1.2.3.4 $image true
    [[ $output == *"extra host entries must be specified on the pod: network cannot be configured when it is shared with a pod" ]]
    run lab berth run --pod nope $image true
    [ "$status" = 125 ]
    [ "$output" = "Error: no pod with name or ID nope found: no such pod" ]
    [ -z "$(lab berth ps -aq)" ]
}

@test "shared memory and the pod's volumes are in each container" {
    lab berth pod create --network none --shm-size 1m -v shared:/data p > /dev/null
    lab berth run -d --pod p --name one $image sleep 1000 > /dev/null
    lab berth exec one sh -c 'echo hello > /dev/shm/x; echo there > /data/y'
    [ "$(lab berth run --rm --pod p $image cat /dev/shm/x /data/y)" = "$(printf 'hello\nthere')" ]
    [ "$(lab berth exec one sh -c 'df -k /dev/shm | tail -n 1' | awk '{print $2}')" = 1024 ]
    [ "$(lab berth run --rm --pod p --ipc private $image ls /dev/shm)" = "" ]
    lab berth pod rm -f -t 0 p > /dev/null
    lab berth volume rm shared > /dev/null
    run ! lab grep "/run/berth/pods" /proc/self/mountinfo
}

@test "the stop commands of a unit mean a name, not the beginning of an id" {
    id=$(lab berth pod create --network none p)
    container=$(lab berth create --pod p --name one $image true)
    lab env SERVICE_RESULT=success berth pod rm --ignore --force "${id:0:4}"
    lab env SERVICE_RESULT=success berth rm -v -f -i "${container:0:4}"
    lab berth pod exists p
    lab berth container exists one
    [ "$(lab env SERVICE_RESULT=success berth rm -v -f -i one)" = one ]
    run lab berth container exists one
    [ "$status" = 1 ]
    [ "$(lab berth pod rm -f "${id:0:4}")" = "$id" ]
}

@test "a pod keeps its network from being removed" {
    lab berth network create podnet > /dev/null
    lab berth pod create --network podnet p > /dev/null
    run lab berth network rm podnet
    [ "$status" = 2 ]
    [[ $output == *"network is being used" ]]
    lab berth network prune -f
    lab berth network exists podnet
    lab berth pod start p
    [ "$(lab berth run --rm --pod p $image sh -c 'ip -o addr show eth0 | grep -c "inet "')" = 1 ]
    [ "$(lab berth network rm -f podnet)" = podnet ]
    run lab berth pod exists p
    [ "$status" = 1 ]
}

@test "--pod new: makes one, and a port that the pod publishes reaches a container" {
    lab berth run -d --name server --pod new:fresh -p 18099:8099 $image sh -c 'while :; do echo hello | nc -l -p 8099; done' > /dev/null
    [ "$(lab berth pod ps --format '{{.Name}} {{.Status}} {{.ContainerNames}}')" = "fresh Running server" ]
    [ "$(lab berth pod inspect fresh --format '{{(index (index .InfraConfig.PortBindings "8099/tcp") 0).HostPort}}')" = 18099 ]
    answers() { [ "$(lab sh -c 'exec 3<>/dev/tcp/127.0.0.1/18099; head -n 1 <&3' 2> /dev/null || lab bash -c 'exec 3<>/dev/tcp/127.0.0.1/18099; head -n 1 <&3' 2> /dev/null)" = hello ]; }
    until_true 20 answers
    run lab berth run --rm --pod fresh $image cat /etc/hosts
    [[ $output == *"fresh"* ]]
}

@test "inspect of who is in another's network shows that one's, as in Podman" {
    lab berth pod create --name shown -p 8097:80 > /dev/null
    id=$(lab berth pod inspect --format '{{.ID}}' shown)
    lab berth run -d --name member --pod shown $image sleep 1000 > /dev/null
    address=$(lab berth exec member ip -4 -o addr show eth0 | sed 's/.*inet \([0-9.]*\).*/\1/')
    [ -n "$address" ]
    [ "$(lab berth inspect --format '{{(index .NetworkSettings.Networks "podman").IPAddress}}' member)" = "$address" ]
    [ "$(lab berth inspect --format '{{.HostConfig.NetworkMode}}' member)" = "container:$id" ]
    [ "$(lab berth inspect --format '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}' member)" = 8097 ]
    lab berth pod rm -f -t 0 shown > /dev/null
    lab berth run -d --name owner $image sleep 1000 > /dev/null
    lab berth run -d --name guest2 --network container:owner $image sleep 1000 > /dev/null
    address=$(lab berth inspect --format '{{(index .NetworkSettings.Networks "podman").IPAddress}}' owner)
    [ "$(lab berth inspect --format '{{(index .NetworkSettings.Networks "podman").IPAddress}}' guest2)" = "$address" ]
    lab berth rm -f -t 0 guest2 owner > /dev/null
}

@test "ExitPolicy=stop: the pod ends with its last container, but not with one that comes again" {
    quadlet web.pod << 'EOF'
[Pod]
PodName=web
EOF
    quadlet one.container << EOF
[Container]
Image=$image
ContainerName=one
Pod=web.pod
Exec=sh -c 'trap "exit 0" TERM; sleep 1000 & wait'
EOF
    is() { [ "$(property "$1" ActiveState)" = "$2" ]; }
    lab systemctl start web-pod.service
    until_true 20 is one.service active
    lab systemctl restart one.service
    is one.service active
    is web-pod.service active
    lab systemctl stop one.service
    until_true 20 is web-pod.service inactive
    [ -z "$(lab berth pod ps -q)" ]
    lab berth pod create --network none --exit-policy stop p > /dev/null
    lab berth run --rm --pod p $image true
    ended() { [ "$(lab berth pod ps --format '{{.Status}}')" = Exited ]; }
    until_true 20 ended
}

@test ".pod: systemctl starts and stops its containers, which restart singly" {
    quadlet web.pod << 'EOF'
[Pod]
PodName=web
PublishPort=18098:8099
EOF
    for name in one two; do
        quadlet $name.container << EOF
[Container]
Image=$image
ContainerName=$name
Pod=web.pod
Exec=sh -c 'trap "exit 0" TERM; sleep 1000 & wait'
EOF
    done
    lab systemctl start web-pod.service
    [ "$(property web-pod.service ActiveState) $(property web-pod.service SubState)" = "active exited" ]
    active() { [ "$(property "$1" ActiveState)" = active ]; }
    until_true 20 active one.service
    until_true 20 active two.service
    [ "$(lab berth pod ps --format '{{.Name}} {{.Status}} {{.NumberOfContainers}}')" = "web Running 2" ]
    [ "$(lab berth exec one cat /proc/sys/kernel/hostname)" = web ]
    net=$(lab berth exec two readlink /proc/self/ns/net)
    [ "$(lab berth exec one readlink /proc/self/ns/net)" = "$net" ]
    lab systemctl restart one.service
    active web-pod.service
    active two.service
    [ "$(lab berth exec one readlink /proc/self/ns/net)" = "$net" ]
    lab systemctl stop web-pod.service
    [ "$(property one.service ActiveState)" = inactive ]
    [ "$(property two.service ActiveState)" = inactive ]
    [ -z "$(lab berth pod ps -q)" ]
    [ -z "$(lab berth ps -aq)" ]
    run ! lab grep "/run/berth/pods" /proc/self/mountinfo
    [ "$(property web-pod.service Result)" = success ]
}

@test "pod top, stats, logs, kill and restart" {
    lab berth pod create --network none --name p > /dev/null
    run ! lab berth pod top p
    for name in one two; do
        lab berth run -d --pod p --name $name $image sh -c "echo of $name; trap 'exit 0' TERM; sleep 1000 & wait" > /dev/null
    done
    run -0 lab berth pod top p comm
    [ "${lines[0]}" = COMMAND ]
    [ "$(printf '%s\n' "${lines[@]}" | grep -c sleep)" -eq 2 ]
    run -0 lab berth pod stats --no-stream p
    [[ ${lines[0]} =~ ^POD\ +CID\ +NAME\ +CPU\ %\ +MEM\ USAGE/\ LIMIT\ +MEM\ %\ +NET\ IO\ +BLOCK\ IO\ +PIDS ]]
    [ "${#lines[@]}" -eq 3 ]
    [ "$(lab berth pod stats --no-stream --format json | jq -r '.[].Name' | tr '\n' ' ')" = "one two " ]
    logged() { [ "$(lab berth pod logs -n p | sort)" = "one of one
two of two" ]; }
    until_true 10 logged
    [ "$(lab berth pod logs -c two p)" = "of two" ]
    lab berth pod logs p | grep -q "^$(lab berth inspect --format '{{.Id}}' one | cut -c1-12) of one"
    before=$(lab berth inspect --format '{{.State.Pid}}' one)
    lab berth pod restart p
    [ "$(lab berth inspect --format '{{.State.Pid}}' one)" != "$before" ]
    lab timeout 20 berth pod logs -f p > /dev/null &
    follower=$!
    lab berth pod kill p
    dead() { [ "$(lab berth pod ps --format '{{.ContainerStatuses}}')" = exited,exited ]; }
    until_true 10 dead
    wait $follower
    lab berth pod rm p
}
