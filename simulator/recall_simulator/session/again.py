"""The command that plays one scenario of a run again, and what must not be said of it."""

import shlex
import ssl

from recall_simulator.engine import Conduct
from recall_simulator.report.masking import (
    HIDDEN,
    mask_command,
    secrets_of_command,
    values_of_query,
)
from recall_simulator.session.settings import Settings
from recall_simulator.sources.scenarios import GIVEN, Named

_DEFAULT = Conduct()


def command_again(named: Named, settings: Settings, *, seed: int, checks: bool) -> str:
    """A line for a shell. Secrets, tokens and the values of headers are left out of it.

    Args:
        named: the scenario; empty is returned for one that has no name on a command line.
        settings: of the run.
        seed: that it was played with.
        checks: the command was `check`, or a function that does the same.
    """
    if named.source == GIVEN:
        return ""
    words = ["recallsim"]
    if checks and named.is_bundled:
        words += ["check", "--only", named.scenario.number]
    else:
        words += ["run", named.name if named.is_bundled else named.source]
    words += ["--url", settings.endpoint.shown]
    if settings.command is not None:
        words += ["--exec", mask_command(settings.command)]
    for text in settings.observe:
        words += ["--observe", mask_command(text)]
    words += ["--seed", str(seed)]
    if settings.speed != (None if words[1] == "check" else 1.0):
        words += ["--speed", "max" if settings.speed is None else f"{settings.speed:g}"]
    words += _choices(settings)
    return shlex.join(words)


def secrets_of(settings: Settings) -> set[str]:
    """Texts that no report may show: values of the query, of headers, of the command's options."""
    return (
        values_of_query(settings.endpoint.url)
        | {value for _, value in settings.headers}
        | secrets_of_command(settings.command or "")
    )


def _choices(settings: Settings) -> list[str]:
    words: list[str] = []
    if settings.profile is not None:
        words += ["--profile", settings.profile]
    for scene in settings.scenes.values():
        words += ["--scene", scene]
    if settings.frames is not None:
        words += ["--frames", str(settings.frames)]
    if not settings.marks:
        words.append("--no-marks")
    if settings.run_id is not None:
        words += ["--run-id", settings.run_id]
    if settings.start_time is not None:
        words += ["--start-time", settings.start_time.isoformat()]
    if settings.signer is not None:
        words += ["--secret", f"whsec_{HIDDEN}"]
    for name, _ in settings.headers:
        words += ["--header", f"{name}: {HIDDEN}"]
    if settings.tls is not None:
        words += (
            ["--insecure"]
            if settings.tls.verify_mode == ssl.CERT_NONE
            else ["--ca", f"FILE{HIDDEN}"]
        )
    conduct = settings.conduct
    if conduct.retry != _DEFAULT.retry:
        words += ["--retry", str(conduct.retry)]
    if conduct.outage_buffer:
        words += ["--outage", f"buffer={conduct.outage_buffer}"]
    if conduct.slow_receiver != _DEFAULT.slow_receiver:
        words += ["--slow-receiver", conduct.slow_receiver]
    if settings.strict_url:
        words.append("--strict-url")
    if settings.owned:
        words.append("--i-own-this-receiver")
    return words
