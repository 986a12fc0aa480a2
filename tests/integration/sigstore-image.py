#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signs a manifest digest as cosign does, with openssl; writes an OCI directory to be pushed under
the tag sha256-<hex>.sig.

usage: sigstore-image.py OUT KEY REFERENCE DIGEST [tamper=payload|signature] [cert=PEM chain=PEM] [rekor=KEY]
"""
import base64, hashlib, json, os, subprocess, sys


def sign(key, data):
    return subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=data, check=True, stdout=subprocess.PIPE).stdout


def read(path):
    with open(path) as data:
        return data.read()


def main():
    out, key, reference, digest = sys.argv[1:5]
    options = dict(word.split("=", 1) for word in sys.argv[5:])
    payload = json.dumps({"critical": {"identity": {"docker-reference": reference}, "image": {"docker-manifest-digest": digest}, "type": "cosign container image signature"}, "optional": None}).encode()
    signature = sign(key, payload)
    if options.get("tamper") == "signature":
        signature = sign(key, payload + b" ")
    if options.get("tamper") == "payload":
        payload = payload.replace(b'"optional": null', b'"optional": {}')
    annotations = {"dev.cosignproject.cosign/signature": base64.b64encode(signature).decode()}
    public = options.get("cert")
    if public:
        annotations["dev.sigstore.cosign/certificate"] = read(public)
        annotations["dev.sigstore.cosign/chain"] = read(options["chain"])
        pem = read(public).encode()
    else:
        pem = subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], check=True, stdout=subprocess.PIPE).stdout
    if "rekor" in options:
        body = {"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {"data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()}}, "signature": {"content": base64.b64encode(signature).decode(), "publicKey": {"content": base64.b64encode(pem).decode()}}}}
        entry = {"body": base64.b64encode(json.dumps(body).encode()).decode(), "integratedTime": int(options.get("time", "0")), "logID": "c0ffee", "logIndex": 7}
        canonical = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
        promise = base64.b64encode(sign(options["rekor"], canonical)).decode()
        annotations["dev.sigstore.cosign/bundle"] = json.dumps({"SignedEntryTimestamp": promise, "Payload": entry})
    os.makedirs(out + "/blobs/sha256")

    def blob(data, media):
        name = hashlib.sha256(data).hexdigest()
        with open(out + "/blobs/sha256/" + name, "wb") as target:
            target.write(data)
        return {"mediaType": media, "digest": "sha256:" + name, "size": len(data)}

    layer = blob(payload, "application/vnd.dev.cosign.simplesigning.v1+json")
    layer["annotations"] = annotations
    config = blob(b'{"architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":["%s"]}}' % layer["digest"].encode(), "application/vnd.oci.image.config.v1+json")
    manifest = blob(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [layer]}).encode(), "application/vnd.oci.image.manifest.v1+json")
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "sig"}
    with open(out + "/index.json", "w") as target:
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, target)
    with open(out + "/oci-layout", "w") as target:
        target.write('{"imageLayoutVersion":"1.0.0"}')


main()
