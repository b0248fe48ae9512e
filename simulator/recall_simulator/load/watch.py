"""Reads what a load run tells, line by line, and notes what is worth a line of its own. Pure."""

from recall_simulator.load.orders import Aimed, Began, Flushed, Line, Over, Tried, Trouble
from recall_simulator.load.outcome import Happening, Played

_MANY = 0.5
"""Share of the links that must go in one second to be worth a line."""


class Watch:
    """Takes the lines of a run, and keeps `played` up to date."""

    def __init__(self, played: Played) -> None:
        self.played = played
        self._most_up = 0
        self._down = False

    def take(self, line: Line) -> list[Happening]:
        """Take one line; gives what has happened with it."""
        before = len(self.played.happenings)
        match line:
            case Flushed(delta):
                self.played.figures.add(delta)
                self._look_at_links(delta.second)
            case Trouble():
                self._trouble(line)
            case Aimed(bots, at):
                if self.played.aim and bots and self.played.orders.shape.name != "ramp":
                    self._note(int(at), f"{bots} bots from here on")
                self.played.aim = bots
            case Tried(trial):
                self.played.trials.append(trial)
                self._note(
                    self.played.seconds,
                    f"{trial.bots} bots, {trial.frames_per_second:,.0f} frames/s: it {trial.kept} "
                    f"({trial.why})"
                    if trial.kept != "sender was late"
                    else f"{trial.bots} bots: {trial.why}",
                )
            case Began(processes):
                self.played.processes = processes
            case Over(why):
                self.played.why = why
        return self.played.happenings[before:]

    def _trouble(self, trouble: Trouble) -> None:
        self.played.figures.lose(trouble.worker)
        sentence = trouble.sentence
        if trouble.bots:
            rate = trouble.bots * self.played.orders.mission.frames_per_second
            frames = round(rate * (trouble.at - trouble.heard))
            self.played.frames_unknown += frames
            sentence += (
                f"; of some {frames:,} frames that it had to send meanwhile nothing is known"
                + (", and the others have its bots since" * bool(self.played.figures.links))
            )
        self.played.troubles.append(sentence)
        self._note(int(trouble.at), sentence)

    def _note(self, second: int, what: str) -> None:
        self.played.happenings.append(Happening(second, what))

    def _look_at_links(self, second: int) -> None:
        figures = self.played.figures
        links = figures.all_links
        if not self._down:
            self._most_up = max(self._most_up, links.up)
            gone = links.waiting + links.dialling
            if self._most_up and links.up < self._most_up * (1 - _MANY) and gone > links.up:
                self._down = True
                recent = figures.over(second - 1, second)
                causes = {**recent.losses, **recent.failures}
                if recent.cuts:
                    causes["cut by us, as planned"] = recent.cuts
                named = ", ".join(f"{name} {count} times" for name, count in causes.items())
                self._note(second, f"{gone} of {gone + links.up} links are down: {named}")
        elif links.up >= 0.95 * (links.up + links.waiting + links.dialling) and links.up:
            self._down = False
            self._most_up = links.up
            self._note(second, f"{links.up} links are up again")
