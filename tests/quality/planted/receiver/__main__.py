"""A receiver as people write it, and the bugs that people write into it, selected by name.

    PYTHONPATH=tests/quality python -m planted.receiver BUG --port PORT --save DIR

`clean` has none, nor has `hand-written`. It saves every picture that decodes as
DIR/RECORDING/PARTICIPANT-TYPE/NUMBER.png.
"""

import argparse
import asyncio
import base64
import re
from pathlib import Path

from . import clean, connections, frames, handshakes, messages, streams, websocket


def with_dashes(name: str) -> str:
    """`limit-of-1-mib` for `LimitOf1Mib`."""
    return re.sub(r"(?<!^)(?=[A-Z0-9])", "-", name).lower()


BUGS: dict[str, type[clean.Clean]] = {
    with_dashes(name): bug
    for module in (clean, streams, connections, messages, websocket, handshakes, frames)
    for name, bug in vars(module).items()
    if isinstance(bug, type) and issubclass(bug, clean.Clean)
}


async def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("bug", choices=BUGS)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--save", type=Path, required=True)
    options.add_argument("--secret", help="whsec_…: handshakes have to be signed with it")
    args = options.parse_args()
    receiver = BUGS[args.bug](args.save)
    if args.secret:
        receiver.key = base64.b64decode(args.secret.removeprefix("whsec_"))
    await receiver.run(args.port)


if __name__ == "__main__":
    asyncio.run(main())
