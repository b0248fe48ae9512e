"""Whose doing it is that a frame leaves late."""

from recall_simulator.engine.pace import Pace


def test_lateness_without_backpressure_is_ours() -> None:
    pace = Pace()
    assert pace.sent(late=0.0, blocked=0.0) == (0.0, 0.0)
    assert pace.sent(late=0.4, blocked=0.0) == (0.4, 0.0)


def test_what_a_blocked_send_holds_up_is_the_receivers_until_it_is_caught_up() -> None:
    pace = Pace()
    assert pace.sent(late=0.0, blocked=2.0) == (0.0, 2.0)
    assert pace.sent(late=1.5, blocked=0.0) == (0.0, 1.5)
    assert pace.sent(late=1.0, blocked=0.0) == (0.0, 1.0)
    assert pace.sent(late=0.0, blocked=0.0) == (0.0, 0.0)
    assert pace.sent(late=0.7, blocked=0.0) == (0.7, 0.0)


def test_what_goes_beyond_the_receivers_debt_is_ours() -> None:
    pace = Pace()
    pace.sent(late=0.0, blocked=1.0)
    assert pace.sent(late=1.25, blocked=0.0) == (0.25, 1.0)


def test_what_comes_due_during_a_handshake_is_late_by_the_receivers_doing() -> None:
    pace = Pace()
    pace.waited(0.5)
    assert pace.sent(late=0.3, blocked=0.0) == (0.0, 0.3)
    assert pace.sent(late=0.0, blocked=0.0) == (0.0, 0.0)
    assert pace.sent(late=0.3, blocked=0.0) == (0.3, 0.0)


def test_a_timer_that_is_a_little_late_does_not_keep_a_debt_alive() -> None:
    pace = Pace()
    pace.waited(0.5)
    assert pace.sent(late=0.004, blocked=0.0) == (0.004, 0.0)
    assert pace.sent(late=0.4, blocked=0.0) == (0.4, 0.0)
