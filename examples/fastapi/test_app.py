"""The app runs in a thread of the tests: no port is fixed, and nothing is started by hand."""

import socket
import threading

import pytest
import uvicorn
from app import app


@pytest.fixture
def recallsim_url(tmp_path, monkeypatch):
    monkeypatch.setenv("FRAMES", str(tmp_path))
    server = uvicorn.Server(uvicorn.Config(app, ws_max_size=16 * 2**20, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        server.should_exit = True
        thread.join()


@pytest.fixture
def recallsim_observe(tmp_path):
    return [f"files:{tmp_path}/**/*.png"]


@pytest.mark.recallsim_scenario("smoke")
def test_app(recallsim):
    recallsim.check()
