"""The locustfile of the benchmarks: bots as fast as one core sends them, in Locust.

`locust -f benchmarks/locustfile.py --headless --host ws://127.0.0.1:8765/ -u 16 -t 10s --json`
"""

import os

from recall_simulator.load.users import RecallBotUser


class Bots(RecallBotUser):
    participants = 4
    scene = os.environ.get("SCENE", "webcam")
    # Far more frames come due than any core can send: what is sent is what it can.
    speed = float(os.environ.get("SPEED", "100"))
    meeting = 60.0
