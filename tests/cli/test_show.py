"""`--show` opens windows, and says in one line where there is no display."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time

import pytest
from cli.program import assert_fails

from imgconv.io.images import window
from imgconv.model.errors import MissingDependencyError

COMMANDS = {
    "apply": ["apply", "photo.png", "out.png", "-k", "blur", "--show"],
    "compare": ["compare", "photo.png", "-k", "blur", "--show"],
    "sheet": ["sheet", "photo.png", "out.png", "-k", "blur", "--show"],
}
WINDOWS = {
    "apply": ["original", "imgconv", "cv2.filter2D"],
    "compare": ["original", "imgconv", "cv2.filter2D"],
    "sheet": ["out.png"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_without_a_display(run, photo, monkeypatch, name):
    monkeypatch.delenv("DISPLAY", raising=False)
    assert_fails(run(*COMMANDS[name]), 2, "--show needs a display, and DISPLAY is not set")
    monkeypatch.setenv("DISPLAY", ":4711")
    assert_fails(run(*COMMANDS[name]), 2, "the display :4711 does not answer")
    assert not photo.with_name("out.png").exists(), "nothing was done"


def test_a_display_over_the_network():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert window._answers(f"127.0.0.1:{port - 6000}.0")
    assert not window._answers(f"127.0.0.1:{port - 6000}.0")


def test_an_opencv_without_windows(monkeypatch):
    monkeypatch.setenv("DISPLAY", "a form that only the X library knows")
    monkeypatch.setattr(window.load_cv2(), "currentUIFramework", lambda: "")
    with pytest.raises(MissingDependencyError, match="opens no windows"):
        window.check_display()


def test_in_cannot_be_a_stream(run):
    assert_fails(run("apply", "-", "out.png", "-k", "blur", "--show"), 2, "--show reads IN twice")


@pytest.fixture(scope="module")
def display():
    """Start a display that nobody sees."""
    if not (shutil.which("Xvfb") and shutil.which("xdotool")):
        pytest.skip("no display to test on: apt-get install xvfb xdotool")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        yield f":{number}"
        server.terminate()


def find(environment, title):
    words = ["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"]
    found = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    return found.stdout.split()


@pytest.mark.parametrize("name", COMMANDS)
def test_windows_open_and_a_key_closes_them(display, photo, name):
    environment = {**os.environ, "DISPLAY": display}
    command = [sys.executable, "-m", "imgconv", *COMMANDS[name]]
    with subprocess.Popen(
        command, cwd=photo.parent, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        end = time.monotonic() + 30
        while not all(find(environment, title) for title in WINDOWS[name]):
            assert time.monotonic() < end, "the windows did not open"
            assert program.poll() is None, program.stderr.read()
            time.sleep(0.1)
        first = find(environment, WINDOWS[name][0])[0]
        press = ["xdotool", "windowfocus", "--sync", first, "key", "q"]
        subprocess.run(press, env=environment, check=True, timeout=10)
        assert program.wait(20) == 0
        assert b"QFont" not in program.stderr.read()
