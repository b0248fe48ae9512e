"""The usual cause of an outcome, and its fix, in one line."""

from recall_simulator.record.outcomes import Outcome

_LIMITS = (
    (32 * 2**10, "coder/websocket reads at most 32 KiB: call SetReadLimit"),
    (2**20, "the `websockets` default max_size is 1 MiB: raise it"),
    (4 * 2**20, "the aiohttp default max_msg_size is 4 MiB: raise it"),
    (10 * 2**20, "the tornado default websocket_max_message_size is 10 MiB: raise it"),
    (16 * 2**20, "the uvicorn default ws_max_size is 16 MiB: raise it"),
)


def limit_between(takes: int, refuses: int) -> str:
    """The library whose limit lies between two sizes of messages; empty where none does.

    A message as large as the limit is taken by most, and refused by aiohttp.

    Args:
        takes: bytes of a message that was taken.
        refuses: bytes of one that was not.
    """
    return next((hint for limit, hint in _LIMITS if takes <= limit <= refuses), "")


def usual_cause(
    outcome: Outcome, largest_message: int, *, lives: bool = False, refused: int = 0
) -> str:
    """What is most often behind an outcome; empty where nothing is.

    Args:
        outcome: of the attempt.
        largest_message: bytes of the largest message that was sent before.
        lives: the receiver's process was looked at, and lives on.
        refused: bytes of the smallest message that was ever too large for it; 0 for this one.
    """
    match outcome.text:
        case "closed 1009":
            return _size_limit(largest_message, refused or largest_message)
        case "closed 1011" if "ping timeout" in outcome.detail:
            return (
                "the receiver heard no pong, though one was sent: its event loop was busy; decode "
                "pictures off it"
            )
        case "closed 1011":
            return "the receiver's handler raised: see its log"
        case "closed 1000" | "closed 1001":
            return "the receiver ended the connection in mid-meeting; Recall.ai dials again"
        case "closed 1008":
            return "the receiver refused what it got; Recall.ai dials again all the same"
        case "refused":
            return "start the receiver first, or mend the port in --url"
        case "timed out":
            return "something accepts the connection and answers nothing: is it a web server?"
        case "tls" if "WRONG_VERSION" in outcome.detail or "RECORD_LAYER" in outcome.detail:
            return "nothing speaks TLS there: use ws:// in --url"
        case "tls" if "ended in the TLS handshake" in outcome.detail:
            return "does nothing speak TLS there? Then use ws:// in --url"
        case "bad handshake" if "HTTP/1.0" in outcome.detail:
            return "a server answers there that speaks no websocket: is --url the receiver's?"
        case "bad handshake":
            return "no HTTP came back: does the receiver want wss://, or speak another protocol?"
        case "stalled":
            return "the receiver stopped reading: a full queue, or an event loop that is blocked"
        case "unanswered ping":
            return (
                "answer each ping with a pong of the same payload (RFC 6455, 5.5.2), and decode "
                "pictures off the event loop: one that is busy answers late"
            )
        case "closed by us 1008":
            return "it does not keep up at this speed: decode off the event loop, or drop frames"
        case "tls":
            return "give its authority with --ca FILE, or go without a check with --insecure"
        case "http 401" | "http 403":
            return (
                "the receiver wants a token in the URL or a signature: give --secret; with one, it "
                "has another secret, or signs another string than ID.TIMESTAMP. with an empty body"
            )
        case "http 404":
            return "no websocket route at this path: is the path in --url right?"
        case "junk after 101":
            return (
                "raw text was written onto the upgraded socket: write websocket frames only, or "
                "set lenient = true under [link] to pass over it"
            )
        case "cut" if largest_message > 4 * 2**20:
            return (
                _size_limit(largest_message, refused or largest_message)
                + " (some servers lose their 1009 on the way)"
            )
        case "cut" if lives:
            return "its process lives on, so its handler raised, or hung up: see its log"
        case "cut":
            return "the receiver's process may have died: see its log"
        case "not seen":
            return (
                "the connection went on as if nothing were wrong: is what is too much passed over "
                "in silence, or does --observe look elsewhere?"
            )
        case "died":
            return "its last words are the evidence"
    if outcome.text.startswith("http 3"):
        return "a websocket handshake follows no redirect: give the final URL"
    return ""


def _size_limit(largest_message: int, refused: int) -> str:
    passed = [hint for limit, hint in _LIMITS if refused >= limit]
    size = f"after a message of {largest_message / 2**20:.2f} MiB"
    return f"{size}: {passed[-1]}" if passed else size
