"""Quantities as people read them, on a terminal and on pages."""


def size_of(count: float) -> str:
    """Bytes: `325 KB`, `1.6 MB`."""
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:.1f} {unit}" if unit == "MB" else f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
