"""Errors that are the user's to mend. Anything else that is raised is our bug.

    Exception
    ├── UsageError            the command line, an option, a file that was named
    │   └── ScenarioError     a scenario: names the file, the key and the value
    └── ReceiverError         the receiver that was to be started here could not be

What a receiver does wrong is no error of ours: it is an outcome or a finding.
"""

import difflib
from collections.abc import Iterable, Sequence


class UsageError(Exception):
    """The user's mistake; the message is one or two sentences that say what to do."""


class ScenarioError(UsageError):
    """A scenario says something that can't be.

    Attributes:
        key: path of the key inside the scenario, as in `timeline[2].who`.
        problem: what is wrong, with the value and what would be right.
        source: the file or function that the scenario came from, once it is known.
    """

    def __init__(self, key: str, problem: str, source: str | None = None) -> None:
        self.key = key
        self.problem = problem
        self.source = source
        where = ": ".join(part for part in (source, key) if part)
        super().__init__(f"{where}: {problem}" if where else problem)

    def in_source(self, source: str) -> "ScenarioError":
        """The same error with the name of its file."""
        return ScenarioError(self.key, self.problem, source)


class ReceiverError(Exception):
    """The receiver of `--exec` could not be started: the run can't take place (exit code 3).

    Attributes:
        problem: what happened and what to do, one or two sentences.
        last_lines: of its standard error and output, the oldest first.
    """

    def __init__(self, problem: str, last_lines: Sequence[str] = ()) -> None:
        self.problem = problem
        self.last_lines = list(last_lines)
        said = "".join(f"\n  | {line}" for line in self.last_lines)
        super().__init__(f"{problem}{said}")


def closest(word: str, known: Iterable[str]) -> str:
    """A hint that names what the user may have meant, or all there is to choose from.

    Returns:
        A clause without capital or full stop, as in `did you mean 'share'?`.
    """
    choices = sorted(known)
    near = difflib.get_close_matches(word, choices, n=3, cutoff=0.55)
    if near:
        return "did you mean " + " or ".join(repr(name) for name in near) + "?"
    return "known are " + ", ".join(choices)
