#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an OCI directory with one image whose only layer is a hostile tar of the named kind.

usage: hostile-image.py KIND OCI-DIRECTORY
"""
import gzip, hashlib, io, json, os, sys, tarfile


def entry(name, kind=tarfile.REGTYPE, body=b"", **members):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = len(body)
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    for key, value in members.items():
        setattr(info, key, value)
    return info, body


def link(name, target, kind=tarfile.SYMTYPE):
    return entry(name, kind, linkname=target)


EVIL = b"written outside\n"
KINDS = {
    "dotdot": [entry("../evil", body=EVIL)],
    "dotdot-inside": [entry("a/../../evil", body=EVIL)],
    "absolute-link": [link("out", "/tmp"), entry("out/evil", body=EVIL)],
    "relative-link": [link("out", "../../../../../../../../tmp"), entry("out/evil", body=EVIL)],
    "looping-link": [link("a", "b"), link("b", "a"), entry("a/evil", body=EVIL)],
    "link-swapped": [entry("d", tarfile.DIRTYPE), link("d", "/tmp"), entry("d/evil", body=EVIL)],
    "hardlink-out": [link("h", "../../../../../../../etc/passwd", tarfile.LNKTYPE)],
    "hardlink-absolute": [link("h", "/etc/passwd", tarfile.LNKTYPE)],
    "hardlink-by-symlink": [link("e", "/etc"), link("h", "e/passwd", tarfile.LNKTYPE)],
    "hardlink-write": [entry("a", body=b"first"), link("b", "a", tarfile.LNKTYPE), entry("b", body=b"second")],
    "device-whiteout": [entry("null", tarfile.CHRTYPE, devmajor=0, devminor=0)],
    "overlay-attribute": [entry("d", tarfile.DIRTYPE, pax_headers={"SCHILY.xattr.trusted.overlay.redirect": "/etc"})],
    "whiteout-nothing": [entry(".wh.")],
    "whiteout-dotdot": [entry(".wh...")],
    "huge-sparse": [entry("s", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 50)})],
    "minus-owner": [entry("u", pax_headers={"uid": str((1 << 32) - 1)})],
    "long-component": [entry("x" * 300, body=b"x")],
    "duplicates": [entry("a", body=b"1"), entry("a", tarfile.DIRTYPE), entry("a/b", body=b"2"), entry("a", body=b"3")],
    "device": [entry("null", tarfile.CHRTYPE, devmajor=1, devminor=3), entry("d/.wh..wh..opq"), entry("d/.wh.x"), entry("file")],
    "good": [entry("file", body=b"good\n")],
}


def make_tar(kind):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, body in KINDS[kind]:
            tar.addfile(info, io.BytesIO(body))
    return out.getvalue()


def bomb(path):
    """2 GiB of zeros in 2 MiB."""
    size = 2 << 30
    info = tarfile.TarInfo("zeros")
    info.size = size
    digest = hashlib.sha256()
    chunk = bytes(1 << 20)
    with gzip.open(path, "wb", 9) as out:
        def put(data):
            digest.update(data)
            out.write(data)
        put(info.tobuf(tarfile.PAX_FORMAT))
        for _ in range(size // len(chunk)):
            put(chunk)
        put(bytes(10240))
    return digest.hexdigest()


def many(path):
    """A million empty files."""
    digest = hashlib.sha256()
    with gzip.open(path, "wb", 1) as out:
        for i in range(1000000):
            info = tarfile.TarInfo("d%d/f%d" % (i // 1000, i))
            data = info.tobuf(tarfile.USTAR_FORMAT)
            digest.update(data)
            out.write(data)
        digest.update(bytes(1024))
        out.write(bytes(1024))
    return digest.hexdigest()


def blob(directory, data):
    name = hashlib.sha256(data).hexdigest()
    with open(os.path.join(directory, "blobs/sha256", name), "wb") as out:
        out.write(data)
    return {"digest": "sha256:" + name, "size": len(data)}


def main():
    kind, directory = sys.argv[1:]
    os.makedirs(os.path.join(directory, "blobs/sha256"))
    if kind in ("bomb", "many"):
        path = os.path.join(directory, "layer")
        diff = bomb(path) if kind == "bomb" else many(path)
        with open(path, "rb") as data:
            packed = data.read()
        os.unlink(path)
    else:
        tar = make_tar("good" if kind == "wrong-diff-id" else kind)
        diff = hashlib.sha256(tar + (b"x" if kind == "wrong-diff-id" else b"")).hexdigest()
        packed = gzip.compress(tar, mtime=0)
    layer = blob(directory, packed)
    layer["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip"
    config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff]}}
    config = blob(directory, json.dumps(config).encode())
    config["mediaType"] = "application/vnd.oci.image.config.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [layer]}
    manifest = blob(directory, json.dumps(manifest).encode())
    manifest["mediaType"] = "application/vnd.oci.image.manifest.v1+json"
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "small"}
    with open(os.path.join(directory, "index.json"), "w") as out:
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, out)
    with open(os.path.join(directory, "oci-layout"), "w") as out:
        out.write('{"imageLayoutVersion":"1.0.0"}')


main()
