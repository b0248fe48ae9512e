"""`recallsim probe`: how large a message a receiver takes, and how many streams."""

import json
from typing import TYPE_CHECKING

import typer

from recall_simulator.cli import options

if TYPE_CHECKING:
    from recall_simulator.api.probing import Limit, Trial

_UNITS = {"message bytes": "bytes a message", "streams": "streams on one connection"}


def probe(
    url: options.Url,
    command: options.Command = None,
    observe: options.Observe = None,
    secret: options.Secret = None,
    header: options.Headers = None,
    ca: options.Authority = None,
    insecure: options.Insecure = False,
    i_own_this_receiver: options.Owned = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Find a receiver's limits by bisection, and the usual cause of each.

    Messages go up to 64 MiB, streams on one connection up to 1,024. Exit codes: 0 when the limits
    are found, or there are none that far; 2 wrong usage; 3 when not even the least was taken.
    """
    from rich.text import Text

    from recall_simulator.api import ReceiverError, probe_receiver
    from recall_simulator.cli import terminal

    console = terminal.console(to_stderr=as_json)

    def tell(trial: "Trial") -> None:
        what = f"{trial.number:>14,} {_UNITS[trial.of]}: "
        answer = Text("taken" if trial.taken else trial.outcome, "" if trial.taken else "yellow")
        console.print(Text(what, "dim").append(answer), soft_wrap=True)

    try:
        with terminal.terminable():
            result = probe_receiver(
                url,
                observe=observe or [],
                on_trial=(lambda trial: None) if quiet else tell,
                command=command,
                secret=secret,
                headers=options.parse_headers(header),
                ca=ca,
                insecure=insecure,
                owned=i_own_this_receiver,
            )
    except ReceiverError as error:
        typer.echo(f"recallsim: {error}", err=True)
        raise typer.Exit(options.INCONCLUSIVE) from None
    except KeyboardInterrupt:
        typer.echo("recallsim: interrupted before the limits were found", err=True)
        raise typer.Exit(options.INCONCLUSIVE) from None
    for limit in result.limits:
        console.print(Text(words(limit)), soft_wrap=not console.is_terminal)
    if as_json:
        print(json.dumps(result.document, ensure_ascii=False))
    raise typer.Exit(result.exit_code)


def words(limit: "Limit") -> str:
    """One line: what is taken, what is not, and why."""
    unit = _UNITS[limit.of]
    cause = f" — {limit.cause}" if limit.cause else ""
    detail = f" ({limit.detail})" if limit.detail else ""
    if limit.refuses is None:
        return f"takes {limit.takes:,} {unit}, the most that was tried"
    if not limit.takes:
        return f"takes not even {limit.refuses:,} {unit}: {limit.outcome}{detail}{cause}"
    return f"takes {limit.takes:,} {unit}, not {limit.refuses:,}: {limit.outcome}{detail}{cause}"
