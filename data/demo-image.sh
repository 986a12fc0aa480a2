#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# demo-image.sh DIR: an OCI layout with the image "web": Debian's busybox-static serving one page on port
# 8080, made by umoci.
set -eu

layout=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/www"
cp /bin/busybox "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n' > "$root/etc/passwd"
printf 'root:x:0:\napp:x:1000:\nextra:x:2000:app\n' > "$root/etc/group"
echo '<h1>Hello from berth</h1>' > "$root/www/index.html"
# httpd as PID 1 would ignore SIGTERM; the shell passes it on
cat > "$root/bin/serve" <<'S'
#!/bin/sh
httpd -f -p 8080 -h /www &
trap 'kill $!; exit 0' TERM
echo "serving on port 8080"
wait
S
chmod 755 "$root/bin/serve"
tar -C "$root" -cf "$root.tar" .
rm -rf "$layout"
umoci init --layout "$layout" >/dev/null
umoci new --image "$layout:web" >/dev/null
umoci raw add-layer --image "$layout:web" "$root.tar" >/dev/null
umoci config --image "$layout:web" --config.cmd /bin/serve --config.env PATH=/bin --config.exposedports 8080/tcp
rm -f "$root.tar"
