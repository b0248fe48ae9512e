"""Whose doing it is that a frame leaves late."""

PUNCTUAL = 0.01
"""Seconds; a frame that is no later is on time: timers are as coarse as that."""


class Pace:
    """Splits the lateness of one bot's frames between the receiver and ourselves.

    Every second that a send or a handshake waits for the receiver is a debt of the receiver's. A
    later frame's lateness is put down to that debt as far as it reaches, and to us beyond; a frame
    that is on time clears it. All times are real seconds.
    """

    def __init__(self) -> None:
        self._debt = 0.0

    def waited(self, seconds: float) -> None:
        """The receiver took so long to complete a handshake, or to answer a late close frame.

        What came due meanwhile is late by its doing.
        """
        self._debt += seconds

    def sent(self, *, late: float, blocked: float) -> tuple[float, float]:
        """Take note of one send.

        Args:
            late: how long the message had been due when work on it began.
            blocked: how long writing it waited for the receiver.

        Returns:
            (lag, stall): late by our own doing, late by the receiver's.
        """
        owed = min(late, self._debt) if late > PUNCTUAL else 0.0
        self._debt = owed + blocked
        return late - owed, owed + blocked
