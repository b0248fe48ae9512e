from recall_receiver import Receiver
from recall_receiver.sinks import Arrival


class Sizes:
    name = "sizes"

    def write(self, arrival: Arrival) -> None:
        print(arrival.frame.stream, len(arrival.frame.png), arrival.file)

    def flush(self) -> None:
        """What had arrived together is written."""

    def close(self) -> None:
        """The receiver has stopped."""


Receiver(sinks=[Sizes()]).run(port=8765)
