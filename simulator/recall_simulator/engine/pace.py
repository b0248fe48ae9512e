"""Whose doing it is that a frame leaves late."""


class Pace:
    """Splits the lateness of one bot's frames between the receiver and ourselves.

    Every second that a send waits for the receiver is a debt of the receiver's. A later frame's
    lateness is put down to that debt as far as it reaches, and to us beyond; a frame that is on
    time clears it. All times are real seconds.
    """

    def __init__(self) -> None:
        self._debt = 0.0

    def sent(self, *, late: float, blocked: float) -> tuple[float, float]:
        """Take note of one send.

        Args:
            late: how long the message had been due when work on it began.
            blocked: how long writing it waited for the receiver.

        Returns:
            (lag, stall): late by our own doing, late by the receiver's.
        """
        owed = min(late, self._debt)
        self._debt = owed + blocked
        return late - owed, owed + blocked
