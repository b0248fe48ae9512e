"""The schedule with a finger on the next item."""

from recall_simulator.engine.agenda import Agenda
from recall_simulator.meeting import Cut, Timed

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
