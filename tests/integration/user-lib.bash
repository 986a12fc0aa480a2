# SPDX-License-Identifier: Apache-2.0
# An unprivileged user $user in the private systemd, with a service manager and the test image in their store.

# make_user FIRST-SUBORDINATE-ID. The home must be where overlayfs can write, which the private systemd's root
# is not.
make_user() {
    local archive=$BERTH_TEST_WORK/$user.tar
    lab sh -ec "useradd -m -d $BERTH_TEST_WORK/home-$user -s /bin/sh $user
        for f in /etc/subuid /etc/subgid; do sed -i /^$user:/d \$f; echo $user:$1:65536 >> \$f; done
        systemctl start user@\$(id -u $user)
        skopeo copy -q containers-storage:$image docker-archive:$archive:$image
        chmod 755 $BERTH_TEST_WORK $archive"
    as berth load -i "$archive"
}

drop_user() {
    as berth rm -f -t 0 --all > /dev/null 2>&1 || true
    as berth rmi -f $image > /dev/null 2>&1 || true
    lab sh -c "systemctl stop user@\$(id -u $user); userdel -rf $user; rm -f $BERTH_TEST_WORK/$user.tar" 2> /dev/null
}

# as CMD...: as that user, as after a login
as() {
    lab sh -c 'u=$(id -u '"$user"'); exec setpriv --reuid $u --regid $u --init-groups env -i HOME='"$BERTH_TEST_WORK/home-$user"' \
        USER='"$user"' PATH=/usr/bin:/bin:/usr/sbin:/sbin XDG_RUNTIME_DIR=/run/user/$u "$@"' sh "$@"
}
