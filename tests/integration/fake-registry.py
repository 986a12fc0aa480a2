#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registry that misbehaves on request: the first part of the repository's name says how.

usage: fake-registry.py OCI-DIRECTORY REF LOG      prints its port, then serves until killed

ok token basic redirect loop break half hang drip short busy huge confused schema1 deep double lie
"""
import base64, json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OCI, REF, LOG = sys.argv[1:4]
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
USER = "Basic " + base64.b64encode(b"user:secret").decode()
counts = {}
lock = threading.Lock()


def log(text):
    with lock, open(LOG, "a") as out:
        out.write(text + "\n")


def blob(digest):
    with open(os.path.join(OCI, "blobs", *digest.split(":")), "rb") as data:
        return data.read()


def top_manifest():
    with open(os.path.join(OCI, "index.json")) as data:
        for entry in json.load(data)["manifests"]:
            if entry["annotations"]["org.opencontainers.image.ref.name"] == REF:
                return blob(entry["digest"])


def bad_manifest(mode):
    good = json.loads(top_manifest())
    if mode == "confused":
        good["manifests"] = []
    if mode == "schema1":
        return b'{"schemaVersion":1,"fsLayers":[]}', "application/vnd.docker.distribution.manifest.v1+prettyjws"
    if mode == "deep":
        return b'{"schemaVersion":2,"x":' + b"[" * 100000 + b"]" * 100000 + b"}", MANIFEST
    if mode == "double":
        return top_manifest().replace(b'"layers"', b'"layers":[],"layers"', 1), MANIFEST
    if mode == "lie":
        good["layers"][0]["size"] = 100
    return json.dumps(good).encode(), MANIFEST


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        try:
            self.serve()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def serve(self):
        log("%s %s auth=%s range=%s host=%s" % (self.command, self.path, self.headers.get("Authorization"), self.headers.get("Range"), self.headers.get("Host")))
        host = "127.0.0.1:%d" % self.server.server_port
        if self.path.startswith("/token"):
            if self.headers.get("Authorization") != USER:
                return self.answer(401, b"{}")
            return self.answer(200, b'{"token":"TOKEN"}')
        if self.path == "/v2/":
            return self.answer(200, b"{}")
        parts = self.path.split("?")[0].split("/")
        if parts[1] == "elsewhere":
            return self.answer(200, blob(parts[2]))
        mode, kind, what = parts[2], parts[-2], parts[-1]
        authorization = self.headers.get("Authorization")
        if mode in ("token", "redirect") and authorization != "Bearer TOKEN":
            return self.answer(401, b"{}", [("WWW-Authenticate", 'Bearer realm="http://%s/token",service="fake",scope="repository:x:pull"' % host)])
        if mode == "basic" and authorization != USER:
            return self.answer(401, b"{}", [("WWW-Authenticate", 'Basic realm="fake"')])
        if mode == "busy":
            with lock:
                counts[self.path] = counts.get(self.path, 0) + 1
                if counts[self.path] <= 2:
                    return self.answer(429, b"{}", [("Retry-After", "1")])
        if kind == "manifests":
            if mode == "huge":
                return self.endless()
            if what.startswith("sha256:"):
                return self.answer(200, blob(what), [("Content-Type", MANIFEST)])
            body, media = bad_manifest(mode) if mode in ("confused", "schema1", "deep", "double", "lie") else (top_manifest(), MANIFEST)
            return self.answer(200, body, [("Content-Type", media)])
        self.serve_blob(mode, what, host)

    def endless(self):
        self.send_response(200)
        self.send_header("Content-Type", MANIFEST)
        self.send_header("Content-Length", str(1 << 30))
        self.end_headers()
        for _ in range(1 << 10):
            self.wfile.write(b" " * (1 << 20))

    def serve_blob(self, mode, digest, host):
        body = blob(digest)
        if mode == "redirect":
            return self.answer(307, b"", [("Location", "http://%s/elsewhere/%s?signed=SECRET" % (host.replace("127.0.0.1", "localhost"), digest))])
        if mode == "loop":
            return self.answer(307, b"", [("Location", self.path)])
        if mode == "hang" and len(body) > 100000:
            time.sleep(60)
        if mode == "drip" and len(body) > 100000:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for i in range(60):
                self.wfile.write(body[i:i + 1])
                self.wfile.flush()
                time.sleep(1)
        first = 0
        if self.headers.get("Range"):
            first = int(self.headers["Range"].split("=")[1].split("-")[0])
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (first, len(body) - 1, len(body)))
        self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        if mode in ("break", "short") and len(body) > 100000 and (mode == "short" or not first):
            self.wfile.write(body[first:first + (len(body) - first) // 2])
            self.wfile.flush()
            self.connection.close()
            self.close_connection = True
            return
        if mode == "half" and len(body) > 100000 and not first:
            with lock:
                counts[self.path] = counts.get(self.path, 0) + 1
                stalls = counts[self.path] == 1
            if stalls:
                self.wfile.write(body[:len(body) // 2])
                self.wfile.flush()
                time.sleep(60)
        self.wfile.write(body[first:])

    do_HEAD = do_GET


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
