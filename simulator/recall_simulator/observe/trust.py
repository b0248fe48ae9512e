"""How certificates of what is observed are looked at: not at all, since they are the user's own."""

import ssl


def trusting() -> ssl.SSLContext:
    """A context that takes every certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
