"""The pytest plugin: the fixture `recallsim`, the marker `recallsim_scenario`, and their options.

    @pytest.mark.recallsim_scenario("smoke")
    def test_receiver(recallsim):
        recallsim.check()

pytest loads this file in every project of an environment, before anything else and whether or not
it is wanted: it imports nothing but pytest until a test asks for something.
"""

import contextlib
import hashlib
import json
import os
import shlex
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Unpack, cast

import pytest

if TYPE_CHECKING:
    from recall_simulator.api import CheckResult
    from recall_simulator.api.arguments import How, Texts
    from recall_simulator.observe import Standing
    from recall_simulator.report.destinations import Destination, Kind

MARKER = "recallsim_scenario"
FIXTURE = "recallsim"
SEED = 1
"""Of everything random, where a test gives none: a test plays the same meetings each time."""
LONGEST_TURN = 3600.0
"""Seconds that a test waits until other workers' tests are done with the receiver."""
REPORTS: "tuple[Kind, ...]" = ("html", "json", "markdown")
"""Kinds of reports; JUnit is pytest's own."""
DESTINATIONS: "pytest.StashKey[list[Destination]]" = pytest.StashKey()
DOCUMENTS: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()
"""Objects of `--json`, of all that was played."""
TOLD: pytest.StashKey[list[str]] = pytest.StashKey()
"""What is said of the reports in the end."""
NO_RECEIVER = (
    "no receiver to test: give --recallsim-url ws://127.0.0.1:8765/ (and --recallsim-exec 'CMD', "
    "if it has to be started), or define a fixture `recallsim_url` that starts it and gives its URL"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("recallsim", "meetings played into a Recall.ai receiver")
    group.addoption("--recallsim-url", metavar="URL", help="The receiver: ws://127.0.0.1:8765/.")
    group.addoption(
        "--recallsim-exec",
        metavar="CMD",
        help="Starts the receiver, which then listens at the URL.",
    )
    group.addoption(
        "--recallsim-observe",
        metavar="KIND:ARG",
        action="append",
        default=[],
        help="What the receiver made of the frames, as 'files:out/**/*.png'; repeatable.",
    )
    group.addoption(
        "--recallsim-report",
        metavar="KIND=FILE",
        action="append",
        default=[],
        help="All that was played: html=FILE, json=FILE or markdown=FILE; repeatable.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(*cases): cases by number, name or glob ('3.2', '3.*', 'smoke'), or scenario "
        f"files, each a test of its own; `{FIXTURE}.check()` plays it.",
    )
    wanted = config.getoption("--recallsim-report")
    if not wanted:
        return
    from recall_simulator.record.errors import UsageError
    from recall_simulator.report.destinations import parse_destination, try_destinations

    problem = ""
    try:
        destinations = [
            parse_destination(text, REPORTS, option="--recallsim-report") for text in wanted
        ]
        # Tests may change the folder.
        destinations = [
            type(each)(each.kind, config.invocation_params.dir / each.path) for each in destinations
        ]
        try_destinations(destinations, option="--recallsim-report")
    except UsageError as error:
        problem = str(error)
    if problem:
        raise pytest.UsageError(problem)
    config.stash[DESTINATIONS] = destinations


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test a case of those that are marked."""
    wanted = [str(case) for mark in metafunc.definition.iter_markers(MARKER) for case in mark.args]
    if not any(metafunc.definition.iter_markers(MARKER)):
        return
    name = metafunc.definition.name
    if not wanted:
        pytest.fail(f"{name}: {MARKER} names no case: write {MARKER}('3.2')", pytrace=False)
    if FIXTURE not in metafunc.fixturenames:
        pytest.fail(f"{name} is marked {MARKER}: it must take `{FIXTURE}`", pytrace=False)
    from recall_simulator.record.errors import UsageError

    cases: dict[str, str] = {}
    problem = ""
    try:
        cases = _cases(wanted, metafunc.definition.path.parent)
    except UsageError as error:
        problem = f"{name}: {error}"
    if problem:  # said out here, where no other exception is being handled
        pytest.fail(problem, pytrace=False)
    metafunc.parametrize(FIXTURE, list(cases.values()), ids=list(cases), indirect=True)


def _cases(wanted: Sequence[str], folder: Path) -> dict[str, str]:
    """References of cases, as `run_scenario` takes them, by test id.

    Raises:
        UsageError: there is no such case.
    """
    from recall_simulator.sources.scenarios import EVERY, SMOKE, load_scenarios, select

    cases: dict[str, str] = {}
    for text in wanted:
        if text.endswith(".toml"):
            (own,) = load_scenarios([str(folder / text)])
            cases[own.name] = str(folder / text)
        elif ":" in text:
            (own,) = load_scenarios([text])
            cases[own.name] = text
        else:
            known = load_scenarios([SMOKE if text == SMOKE else EVERY])
            for named in known if text == SMOKE else select(known, only=[text]):
                cases[f"{named.scenario.number}-{named.name}"] = named.name
    return cases


class Recallsim:
    """Plays cases into the receiver under test; what it finds wrong fails the test.

    Attributes:
        url: of the receiver.
        command: that starts it; None where it runs already.
        observe: `KIND:ARG` of each observer.
        case: the one that the test is marked with; None without a marker.
        results: of what was played so far.
    """

    def __init__(
        self,
        url: str,
        *,
        command: str | None,
        observe: Sequence[str],
        case: str | None,
        again: Callable[[], str],
        lock: Path | None,
        keep: Callable[[dict[str, Any]], None],
        standing: Callable[[], "Standing"],
    ) -> None:
        self.url = url
        self.command = command
        self.observe = list(observe)
        self.case = case
        self.results: list[CheckResult] = []
        self._again = again
        self._lock = lock
        self._keep = keep
        self._standing = standing

    def check(
        self,
        *,
        only: "Texts" = (),
        skip: "Texts" = (),
        smoke: bool = False,
        **how: "Unpack[How]",
    ) -> "CheckResult":
        """Play the case of the test's marker; without a marker, the numbered cases.

        Fails the test unless the verdict is ok or tolerated. In an `async` test, call it with
        `asyncio.to_thread`, so that the test's own loop runs on.

        Args:
            only: globs on number or name, as `3.*`, in a test without a marker.
            skip: globs of cases that are left out, likewise.
            smoke: only the short cases, likewise.
            **how: `seed`, `speed`, `secret` and so on, as `recall_simulator.api` takes them.
        """
        __tracebackhide__ = True
        if self.case is None:
            from recall_simulator.api.checking import ready_check

            return self._play(ready_check, only=only, skip=skip, smoke=smoke, **how)
        if only or skip or smoke:
            pytest.fail(f"the marker {MARKER} chooses the case: give {FIXTURE}.check() none")
        return self.run(self.case, **how)

    def run(self, scenario: Any, **how: "Unpack[How]") -> "CheckResult":
        """Play one scenario: a case by number or name, a file, `module:function`, a dictionary.

        Fails the test unless the verdict is ok or tolerated.

        Args:
            scenario: as `recall_simulator.api.run_scenario` takes it.
            **how: as for `check`.
        """
        __tracebackhide__ = True
        from recall_simulator.api.checking import ready_scenario

        return self._play(ready_scenario, scenario, **how)

    def _play(self, ready: Any, *arguments: Any, **how: Any) -> "CheckResult":
        __tracebackhide__ = True
        from recall_simulator.api import ReceiverError, UsageError

        how = {"command": self.command, "observe": self.observe, "seed": SEED, **how}
        problem = ""
        try:
            play = ready(*arguments, self.url, **how)
            # Where workers take turns, each starts the receiver in its turn.
            stays = how["command"] is not None and self._lock is None
            with _alone(self._lock):
                result: CheckResult = play(standing=self._standing() if stays else None)
        except (ReceiverError, UsageError) as error:
            problem = f"recallsim: {error}"
        if problem:  # said out here, where no other exception is being handled
            _fail(problem)
        self.results.append(result)
        self._keep(result.document)
        if not result.passed:
            _fail(f"{result.text}\nagain: {self._again()}")
        return result


@pytest.fixture(scope="session")
def recallsim_url(pytestconfig: pytest.Config) -> str:
    """The receiver's URL: `--recallsim-url`. Define one of your own that starts your receiver."""
    url: str | None = pytestconfig.getoption("--recallsim-url")
    if url is None:
        pytest.skip(NO_RECEIVER)
    return url


@pytest.fixture(scope="session")
def recallsim_observe(pytestconfig: pytest.Config) -> list[str]:
    """Where to look at what became of the frames: `--recallsim-observe`, or your own."""
    observe: list[str] = pytestconfig.getoption("--recallsim-observe")
    return observe


@pytest.fixture(scope="session")
def _recallsim_standing() -> Iterator[Callable[[], "Standing"]]:
    """Has the receiver that is started here, from the first test that wants it to the last."""
    made: list[Standing] = []

    def standing() -> "Standing":
        if not made:
            from recall_simulator.observe import Standing

            made.append(Standing())
        return made[0]

    with _signals_as_ctrl_c():
        yield standing
        for each in made:
            if said := each.close():
                _fail("the receiver ended by itself after the last test: " + "\n  | ".join(said))


@pytest.fixture
def recallsim(
    request: pytest.FixtureRequest,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
    recallsim_url: str,
    recallsim_observe: Sequence[str],
    _recallsim_standing: Callable[[], "Standing"],
) -> Recallsim:
    """Plays meetings that never happened into the receiver: `recallsim.check()`."""
    lock = None
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Workers share a receiver that they have one URL of: they play one after the other.
        digest = hashlib.sha256(recallsim_url.encode()).hexdigest()[:16]
        lock = tmp_path_factory.getbasetemp().parent / f"recallsim-{digest}.lock"
    return Recallsim(
        recallsim_url,
        command=pytestconfig.getoption("--recallsim-exec"),
        observe=recallsim_observe,
        case=getattr(request, "param", None),
        again=partial(_again, pytestconfig, request.node),
        lock=lock,
        keep=pytestconfig.stash.setdefault(DOCUMENTS, []).append,
        standing=_recallsim_standing,
    )


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """See that a test with the marker has played its case."""
    called = yield
    simulator = pyfuncitem.funcargs.get(FIXTURE)
    if isinstance(simulator, Recallsim) and simulator.case and not simulator.results:
        _fail(f"nothing was played: a test with the marker {MARKER} calls {FIXTURE}.check()")
    return called


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the reports; a worker of pytest-xdist hands on what it played."""
    config = session.config
    documents = config.stash.get(DOCUMENTS, [])
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output[FIXTURE] = json.dumps(documents)
        return
    destinations = config.stash.get(DESTINATIONS, [])
    if not destinations or not documents:
        return
    from recall_simulator.record.errors import UsageError
    from recall_simulator.report.destinations import write_report
    from recall_simulator.report.encoding import encode_report
    from recall_simulator.report.joining import join_checks

    document = join_checks(documents)
    told = config.stash.setdefault(TOLD, [])
    for destination in destinations:
        try:
            data = encode_report(cast("Any", destination.kind), document)
            write_report(destination, data, option="--recallsim-report")
        except UsageError as error:
            told.append(str(error))
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        else:
            told.append(f"{len(document.cases)} cases in {destination}")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker of pytest-xdist played."""
    documents = json.loads(getattr(node, "workeroutput", {}).get(FIXTURE, "[]"))
    node.config.stash.setdefault(DOCUMENTS, []).extend(documents)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say where the reports are."""
    for line in config.stash.get(TOLD, []):
        terminalreporter.write_line(f"recallsim: {line}")


def _again(config: pytest.Config, node: pytest.Item) -> str:
    """The command that runs a test again, from the folder in which pytest was run; no secrets."""
    from recall_simulator.report.masking import mask_command
    from recall_simulator.wire import parse_endpoint

    _, colons, test = str(node.nodeid).partition("::")
    file = os.path.relpath(node.path, config.invocation_params.dir)
    words: list[str] = ["python", "-m", "pytest", file + colons + test]
    if url := config.getoption("--recallsim-url"):
        words += ["--recallsim-url", parse_endpoint(url).shown]
    if command := config.getoption("--recallsim-exec"):
        words += ["--recallsim-exec", mask_command(command)]
    for observer in config.getoption("--recallsim-observe"):
        words += ["--recallsim-observe", mask_command(observer)]
    return shlex.join(words)


def _fail(message: str) -> NoReturn:
    __tracebackhide__ = True
    pytest.fail(message, pytrace=False)


@contextlib.contextmanager
def _signals_as_ctrl_c() -> Iterator[None]:
    """Let SIGTERM, and a terminal that is closed, end pytest as Ctrl-C does, fixtures and all.

    It would end without a word to the receiver otherwise, which has a session of its own. A handler
    of somebody's own stays, and what is ignored does.
    """
    names = [name for name in ("SIGTERM", "SIGHUP") if name in signal.Signals.__members__]
    free = [number for number in map(signal.Signals.__getitem__, names) if _is_free(number)]
    ours = os.getpid()

    def interrupt(number: int, frame: object) -> None:
        if os.getpid() == ours:
            raise KeyboardInterrupt
        # A fork of a test's, as of multiprocessing, ends as it would without us.
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    for number in free:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in free:
            signal.signal(number, signal.SIG_DFL)


def _is_free(number: signal.Signals) -> bool:
    here = threading.current_thread() is threading.main_thread()
    return here and signal.getsignal(number) is signal.SIG_DFL


@contextlib.contextmanager
def _alone(lock: Path | None) -> Iterator[None]:
    """Hold a lock that one process at a time can hold, once it is free; None holds nothing."""
    if lock is None:
        yield
        return
    import sqlite3  # its locks are the same on every system, and go with their process

    with contextlib.closing(sqlite3.connect(lock, timeout=LONGEST_TURN)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield
