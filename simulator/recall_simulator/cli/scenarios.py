"""`recallsim scenarios`: what is bundled, and the format."""

import json
from typing import Annotated

import typer

from recall_simulator.record.errors import UsageError, closest

app = typer.Typer(help="The bundled scenarios, and the format of your own.", no_args_is_help=True)


@app.command("list")
def list_scenarios(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """List the bundled scenarios."""
    from recall_simulator.meeting import seconds
    from recall_simulator.sources.scenarios import bundled

    known = bundled()
    if as_json:
        rows = [
            {
                "name": name,
                "number": named.scenario.number,
                "title": named.scenario.title,
                "description": " ".join(named.scenario.description.split()),
                "expectation": " ".join(named.scenario.expectation.split()),
                "duration": seconds(named.scenario.duration),
            }
            for name, named in known.items()
        ]
        document = {"schema": "recallsim.scenarios/1", "scenarios": rows}
        print(json.dumps(document, ensure_ascii=False))
        return
    from rich.table import Table

    from recall_simulator.cli import terminal

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("number", "name", "length", "title"):
        table.add_column(column)
    for name, named in known.items():
        length = f"{seconds(named.scenario.duration):g} s"
        table.add_row(named.scenario.number, name, length, named.scenario.title)
    terminal.console().print(table)


@app.command("show")
def show_scenario(
    name: Annotated[str, typer.Argument(help="Name or number of a bundled scenario.")],
) -> None:
    """Print a bundled scenario: a beginning for your own."""
    from recall_simulator.sources.scenarios import bundled, bundled_text

    for known, named in bundled().items():
        if name in (known, named.scenario.number):
            print(bundled_text(known), end="")
            return
    raise UsageError(f"there is no bundled scenario {name!r}; {closest(name, bundled())}")


@app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of the scenario format, for editors."""
    from recall_simulator.faults import faulted_scenario_schema

    print(json.dumps(faulted_scenario_schema(), indent=2))
