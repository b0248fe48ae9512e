"""A `wss` receiver with a certificate that it signed itself, for localhost and 127.0.0.1.

The `openssl` command makes the certificate at each start; it is written to `--certificate`, for
whoever wants to trust it.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import signal
import ssl
import subprocess
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, default=0)
options.add_argument("--out", type=Path, required=True)
options.add_argument("--certificate", type=Path, required=True, help="written, PEM")
args = options.parse_args()

counts: dict[str, Any] = {"connections": 0, "messages": 0, "frames": []}

# Python 3.13 and later ask a root for keyUsage and basicConstraints.
CERTIFICATE = """
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = localhost
[extensions]
subjectAltName = DNS:localhost, IP:127.0.0.1
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
subjectKeyIdentifier = hash
"""


def write() -> None:
    new = args.out.with_suffix(".new")
    new.write_text(json.dumps(counts))
    new.replace(args.out)


def signed_by_itself() -> ssl.SSLContext:
    config = args.certificate.with_suffix(".cnf")
    key = args.certificate.with_suffix(".key")
    config.write_text(CERTIFICATE)
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", "2"),
            *("-config", str(config), "-keyout", str(key), "-out", str(args.certificate)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise SystemExit(f"openssl could not make a certificate:\n{made.stderr}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(args.certificate, key)
    return context


def note(text: str | bytes) -> None:
    counts["messages"] += 1
    message = json.loads(text)
    if message["event"] != "video_separate_png.data":
        return
    frame = message["data"]["data"]
    png = base64.b64decode(frame["buffer"])
    counts["frames"].append(
        [
            message["data"]["recording"]["id"],
            frame["participant"]["id"],
            frame["type"],
            frame["timestamp"]["relative"],
            hashlib.sha256(png).hexdigest(),
        ]
    )


async def receive(connection: ServerConnection) -> None:
    counts["connections"] += 1
    try:
        async for message in connection:
            note(message)
    finally:
        write()


async def main(context: ssl.SSLContext) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(receive, "127.0.0.1", args.port, ssl=context, max_size=None) as server:
        print("listening", server.sockets[0].getsockname()[1], flush=True)
        await stop.wait()
    write()


if __name__ == "__main__":
    asyncio.run(main(signed_by_itself()))
