"""What the numbers of cases begin with."""

CHAPTERS = {
    "1": "basics",
    "2": "stream identity",
    "3": "screenshare",
    "4": "reconnect",
    "5": "transport",
    "6": "wire forms",
    "7": "handshake and signature",
    "8": "rare but valid",
    "9": "hostile",
    "10": "pace and size limits",
}
