"""cli."""


def main() -> None:
    raise SystemExit(0)
