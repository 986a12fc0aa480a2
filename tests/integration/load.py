#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""load.py URL RATE SECONDS: new connections at a constant rate, each with one request. Prints
"sent N ok N refused N failed N slowest MS"; "failed" is any other end than a whole answer."""
import asyncio
import sys
import time
from urllib.parse import urlparse

counts = {"sent": 0, "ok": 0, "refused": 0, "failed": 0}
slowest = 0.0


async def ask(host, port):
    global slowest
    counts["sent"] += 1
    begun = time.monotonic()
    try:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        counts["ok" if b" 200 " in answer.split(b"\r\n", 1)[0] and answer.endswith(b"\n") else "failed"] += 1
    except ConnectionRefusedError:
        counts["refused"] += 1
    except (OSError, asyncio.TimeoutError):
        counts["failed"] += 1
    slowest = max(slowest, time.monotonic() - begun)


async def main(url, rate, seconds):
    where = urlparse(url)
    tasks, begun = [], time.monotonic()
    for i in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + i / rate - time.monotonic()))
        tasks.append(asyncio.create_task(ask(where.hostname, where.port)))
    await asyncio.gather(*tasks)
    print(" ".join(f"{k} {v}" for k, v in counts.items()), f"slowest {slowest * 1000:.0f}")


asyncio.run(main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
