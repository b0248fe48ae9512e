"""The schedule with a finger on the next item."""

from recall_simulator.engine.agenda import Agenda
from recall_simulator.meeting import Cut, Stall, Timed

ITEMS = [Timed(float(second), 0, Cut()) for second in range(5)]


def test_items_come_in_order_and_a_peek_takes_nothing() -> None:
    agenda = Agenda(iter(ITEMS))
    assert agenda.peek() == agenda.peek() == ITEMS[0]
    assert [agenda.pop() for _ in range(5) if agenda.peek()] == ITEMS
    assert agenda.peek() is None


def test_what_is_due_before_a_moment_is_taken_and_may_be_put_back() -> None:
    agenda = Agenda(iter(ITEMS))
    taken = agenda.take_due(2.0)
    assert taken == ITEMS[:2]
    agenda.put_back(taken[1:])
    assert agenda.take_due(99.0) == ITEMS[1:]


def test_looking_ahead_takes_nothing() -> None:
    items = [*ITEMS[:2], Timed(2.0, 0, Stall(1.0)), ITEMS[3], Timed(4.0, 0, Stall(2.0)), ITEMS[4]]
    agenda = Agenda(iter(items))
    assert agenda.first((Stall,)) == items[2]
    assert agenda.first((Stall,), 2) == items[4]
    assert agenda.first((Stall,)) == items[2]
    assert agenda.first((Stall,), 3) is None
    agenda.put_back([ITEMS[0]])
    assert agenda.take_due(99.0) == [ITEMS[0], *items]
