#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""oci-bundle.py DIR EXPRESSION...: a bundle with busybox in DIR. Each expression is Python that changes the
configuration c, which begins as `berth-oci spec` writes it, without terminal and read-only root."""
import json
import os
import shutil
import subprocess
import sys

bundle = sys.argv[1]
shutil.rmtree(bundle, ignore_errors=True)
for name in ("bin", "proc", "dev", "sys", "etc", "tmp", "data"):
    os.makedirs(f"{bundle}/rootfs/{name}")
shutil.copy("/bin/busybox", f"{bundle}/rootfs/bin/busybox")
for applet in subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split():
    if applet != "busybox":
        os.symlink("busybox", f"{bundle}/rootfs/bin/{applet}")
with open(f"{bundle}/rootfs/etc/passwd", "w") as f:
    f.write("root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n")
subprocess.run(["berth-oci", "spec", "-b", bundle], check=True)
with open(f"{bundle}/config.json") as f:
    c = json.load(f)
c["process"]["terminal"] = False
c["root"]["readonly"] = False
# this machine's root may be unable to raise limits
c["process"]["rlimits"] = []


def sh(text):
    c["process"]["args"] = ["sh", "-c", text]


def join(kind, path):
    c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != kind] + [{"type": kind, "path": path}]


for expression in sys.argv[2:]:
    exec(expression)
with open(f"{bundle}/config.json", "w") as f:
    json.dump(c, f)
