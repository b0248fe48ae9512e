"""Checks receivers that are not ours, and ours, and writes what was found: `make scorecard`.

Plays every numbered case into each receiver of `tests/other_stacks`, into the examples and into
the reference receiver, with all that they keep under observation, and writes `scorecard.md`.

The receivers of `tests/other_stacks` keep no pictures: they write down digests, a file a process.
`python docs/scorecard.py FOLDER` prints these as rows, for the observer `command:`.
"""

import json
import os
import re
import shlex
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from recall_simulator import __version__
from recall_simulator.api import CheckResult, check_receiver
from recall_simulator.record.findings import CaseVerdict

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "scorecard.md"
STACKS = "tests/other_stacks"
SEED = 1
AT_A_TIME = 2
PICTURES = "files:FOLDER/**/*.png"
CHAPTERS = {
    1: "basics",
    2: "streams",
    3: "screens",
    4: "reconnect",
    5: "transport",
    6: "wire",
    7: "handshake",
    8: "rare",
    9: "hostile",
    10: "pace, size",
}


class Receiver(NamedTuple):
    """One row of the page.

    Attributes:
        source: its file, from the project's root.
        about: what it is, in a few words.
        command: starts it; PYTHON, PORT and FOLDER stand for what they say.
        observe: where to look at what it keeps.
        scheme: ws or wss.
    """

    source: str
    about: str
    command: str
    observe: str = PICTURES
    scheme: str = "ws"


def stack(file: str, about: str, *options: str, scheme: str = "ws") -> Receiver:
    """A receiver of `tests/other_stacks`: it writes a file of digests, one for each process."""
    source = f"{STACKS}/{file}"
    program = f"PYTHON {source}" if file.endswith(".py") else f"node {source}"
    script = " ".join(["exec", program, "--port PORT --out FOLDER/$$.json", *options])
    return Receiver(
        source,
        about,
        f"sh -c {shlex.quote(script)}",
        "command:PYTHON docs/scorecard.py FOLDER",
        scheme,
    )


RECEIVERS = [
    Receiver(
        "receiver/recall_receiver",
        "the reference receiver",
        "PYTHON -m recall_receiver --port PORT --save FOLDER",
    ),
    Receiver(
        "examples/python_websockets",
        "websockets",
        "PYTHON examples/python_websockets/receiver.py --port PORT --save FOLDER",
    ),
    Receiver(
        "examples/fastapi",
        "FastAPI on uvicorn",
        "env FRAMES=FOLDER PYTHON -m uvicorn --app-dir examples/fastapi app:app --port PORT "
        "--ws-max-size 16777216",
    ),
    Receiver(
        "examples/node_ws",
        "Node and ws",
        "node examples/node_ws/receiver.mjs --port PORT --save FOLDER",
    ),
    stack("aiohttp_receiver.py", "aiohttp, its defaults"),
    stack("fastapi_receiver.py", "FastAPI on uvicorn, their defaults"),
    stack("node_ws/receiver.mjs", "Node and ws, their defaults"),
    stack("websockets_default.py", "websockets, its defaults"),
    stack("handwritten.py", "no library, with care"),
    stack("tls_receiver.py", "TLS", "--certificate FOLDER/certificate.pem", scheme="wss"),
    stack("raw_after_upgrade.py", "writes raw text after the 101"),
    stack("closer.py", "closes with 1000 after three frames"),
    stack("handshake.py", "answers every handshake with 401"),
    stack("plain_tcp.py", "takes the connection and says nothing"),
]


class Found(NamedTuple):
    """What was found in one receiver, in several cases alike."""

    severity: str
    kind: str
    text: str
    cases: list[str]


def check(receiver: Receiver) -> CheckResult:
    """Play all cases into a receiver."""
    with tempfile.TemporaryDirectory(prefix="scorecard-") as folder:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        def filled(text: str) -> str:
            text = text.replace("PYTHON", shlex.quote(sys.executable))
            return text.replace("PORT", str(port)).replace("FOLDER", folder)

        trusting = ssl.create_default_context()
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        return check_receiver(
            f"{receiver.scheme}://127.0.0.1:{port}/",
            command=filled(receiver.command),
            observe=[filled(receiver.observe)],
            seed=SEED,
            tls=trusting if receiver.scheme == "wss" else None,
        )


def matrix(results: Sequence[tuple[Receiver, CheckResult]]) -> Iterator[str]:
    """A row for each receiver, a column for each chapter."""
    yield (
        "| receiver | what it is | verdict | "
        + " | ".join(f"{number} {name}" for number, name in CHAPTERS.items())
        + " |"
    )
    yield "|---" * (3 + len(CHAPTERS)) + "|"
    for receiver, result in results:
        cells = [
            in_chapter([case for case in result.cases if case.number.split(".")[0] == str(number)])
            for number in CHAPTERS
        ]
        link = f"[{name_of(receiver)}](../{receiver.source})"
        verdict = result.verdict.verdict
        yield f"| {link} | {receiver.about} | {verdict} | {' | '.join(cells)} |"


def in_chapter(cases: Sequence[CaseVerdict]) -> str:
    """One cell: each verdict that is not ok, with its cases or their number."""
    by_verdict: dict[str, list[str]] = {}
    for case in cases:
        by_verdict.setdefault(case.verdict, []).append(case.number)
    if set(by_verdict) <= {"ok"}:
        return "ok" if cases else "–"
    words = []
    for verdict in ("failed", "inconclusive", "tolerated", "skipped"):
        numbers = by_verdict.get(verdict, [])
        if len(numbers) == len(cases) > 1:
            return f"all {verdict}"
        if numbers:
            words.append(f"{verdict} {spans(numbers, [case.number for case in cases])}")
    return "; ".join(words)


def spans(numbers: Sequence[str], order: Sequence[str]) -> str:
    """Numbers of cases, those that follow one another as a span."""
    if len(numbers) == len(order) > 1:
        return "all cases"
    runs: list[list[str]] = []
    for number in numbers:
        before = order.index(number) - 1 if number in order else -1
        if runs and before >= 0 and order[before] == runs[-1][-1]:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def findings(result: CheckResult) -> list[Found]:
    """What was found in a receiver, the same in several cases once."""
    found: dict[tuple[str, str, str], Found] = {}
    number_of = {case.name: case.number for case in result.cases}
    for finding in result.verdict.findings:
        key = (finding.severity, finding.kind, finding.cause or finding.what)
        text = re.sub(r"^command:\S+ docs/\S+ \S+: ", "", finding.text).replace(
            sys.executable, "python"
        )
        entry = found.setdefault(key, Found(finding.severity, finding.kind, text, []))
        number = number_of.get(finding.scenario, "the run")
        if number not in entry.cases:
            entry.cases.append(number)
    return list(found.values())


def page(results: Sequence[tuple[Receiver, CheckResult]]) -> str:
    """The whole page."""
    (count,) = {len(result.cases) for _, result in results}
    lines = [
        "# Scorecard",
        "",
        "What `recallsim check` says of the reference receiver, of the examples, and of those in",
        f"`{STACKS}`: small programs, written the way people write them, that know nothing",
        "of recallsim. The last four are bad on purpose.",
        "",
        "    make scorecard",
        "",
        f"played the {count} cases of recallsim {__version__} into each, with seed {SEED}, as fast",
        "as the links took them, and wrote this page. *ok*: all cases of the chapter are.",
        "",
        *matrix(results),
    ]
    for receiver, result in results:
        found = findings(result)
        if not found:
            continue
        lines += ["", f"## {name_of(receiver)}", "", f"{result.verdict.verdict}:", ""]
        order = [case.number for case in result.cases]
        for severity, kind, text, cases in found:
            lines.append(f"- {spans(cases, order)}: {severity}, `{kind}`: {text}")
    return "\n".join(lines) + "\n"


def name_of(receiver: Receiver) -> str:
    """The name under which a receiver stands on the page."""
    name = receiver.source.removesuffix("/receiver.mjs").removesuffix(".py")
    return name.removeprefix(f"{STACKS}/").removeprefix("receiver/")


def rows(folder: Path) -> None:
    """Print what receivers of `tests/other_stacks` wrote down, as the observer takes it."""
    for file in sorted(folder.glob("*.json")):
        for recording, participant, kind, _, digest in json.loads(file.read_text())["frames"]:
            print(json.dumps({"sha256": digest, "place": f"{recording}/{participant}-{kind}"}))


def main(arguments: Sequence[str]) -> None:
    """Write the page, or print rows."""
    if arguments:
        rows(Path(arguments[0]))
        return
    os.chdir(ROOT)
    for folder in (ROOT / "examples" / "node_ws", ROOT / STACKS / "node_ws"):
        npm = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]
        subprocess.run(npm, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with ProcessPoolExecutor(AT_A_TIME) as pool:
        results = []
        for receiver, result in zip(RECEIVERS, pool.map(check, RECEIVERS), strict=True):
            print(f"{result.verdict.verdict:>12}  {receiver.source}", flush=True)
            results.append((receiver, result))
    PAGE.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
