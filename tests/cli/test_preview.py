"""Pictures in the terminal: what each protocol sends is decoded, in a terminal and in tmux."""

from __future__ import annotations

import base64
import os
import re
import shutil
import struct
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from cli.program import save

from imgconv.cli.terminal import PROTOCOLS, find_protocol, has_true_colour
from imgconv.ops.draw.terminal import as_rgb, fitted, half_blocks, sixel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of Unix")
APPLY = ["apply", "in.png", "out.png", "-k", "identity", "--overwrite", "--preview"]
PLAIN = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
_OF_TERMINALS = ("TMUX", "KITTY_WINDOW_ID", "TERM_PROGRAM", "LC_TERMINAL", "IMGCONV_PREVIEW")


def environment(**settings):
    kept = {k: v for k, v in os.environ.items() if k not in _OF_TERMINALS}
    return {**kept, **settings}


NO_SIXEL = b"\x1b[?62;22c"


def on_terminal(folder, words, settings, *, size=(24, 80), answer=NO_SIXEL, answers=None):
    """Run the program on a pseudo-terminal that answers questions; give code and output."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    rows, columns = size
    pixels = (columns * 10, rows * 20)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, *pixels))
    process = subprocess.Popen(
        [sys.executable, "-c", _START, *words],
        cwd=folder,
        env=environment(**settings),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said, waiting = b"", {b"\x1b[c": answer, **(answers or {})}
    while chunk := _chunk(ours):
        said += chunk
        for question in [question for question in waiting if question in said]:
            os.write(ours, waiting.pop(question))
    os.close(ours)
    return process.wait(60), said.replace(b"\r\n", b"\n")


_START = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from imgconv.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def _chunk(descriptor):
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:  # Linux says so when the other side is closed
        return b""


@pytest.fixture
def picture(tmp_path, rgb):
    """Give a photograph that fits into 80 x 24 cells of blocks, and its file."""
    small = fitted(rgb, 40, 40)
    save(tmp_path / "in.png", small)
    return small


def decoded_png(text):
    return cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_COLOR)[
        ..., ::-1
    ]


def decode_kitty(said):
    parts = re.findall(rb"\x1b_G([^;]*);([^\x1b]*)\x1b\\", said)
    assert parts[0][0].startswith(b"f=100,a=T,m=")
    assert [head[-1:] for head, _ in parts] == [b"1"] * (len(parts) - 1) + [b"0"]
    assert all(len(data) <= 4096 for _, data in parts)
    return decoded_png(b"".join(data for _, data in parts))


def decode_iterm(said):
    (found,) = re.findall(rb"\x1b\]1337;File=inline=1;size=(\d+):([^\x07]*)\x07", said)
    assert int(found[0]) == len(base64.b64decode(found[1]))
    return decoded_png(found[1])


def decode_sixel(said):
    """Read Sixel as the VT340's manual describes it."""
    (body,) = re.findall(rb"\x1bPq(.*?)\x1b\\", said, re.DOTALL)
    width, height = map(int, re.match(rb'"1;1;(\d+);(\d+)', body).groups())
    image = np.zeros((height + 5, width, 3), np.uint8)
    colours, current, row, column = {}, 0, 0, 0
    tokens = rb"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)([?-~])|([?-~])|(\$)|(-)"
    for match in re.finditer(tokens, body[match_end(body) :]):
        number, red, green, blue, count, many, one, back, down = match.groups()
        if number and red:
            colours[int(number)] = [round(int(c) * 2.55) for c in (red, green, blue)]
        elif number:
            current = int(number)
        elif back:
            column = 0
        elif down:
            row, column = row + 6, 0
        else:
            bits, length = (many or one)[0] - 63, int(count or 1)
            for bit in range(6):
                if bits >> bit & 1:
                    image[row + bit, column : column + length] = colours[current]
            column += length
    return image[:height]


def match_end(body):
    return re.match(rb'"[\d;]*', body).end()


def decode_blocks(said):
    """Give two pixels for each half block, by the colours that are on when it is written."""
    rows = []
    for line in said.decode().splitlines():
        if "▀" not in line:
            continue
        top, bottom, above, below = None, None, [], []
        for codes, block in re.findall("\x1b\\[([0-9;]*)m|(▀)", line):
            if block:
                above.append(top)
                below.append(bottom)
                continue
            numbers = list(map(int, codes.split(";")))
            if numbers == [0]:
                top = bottom = None
            while numbers and numbers[0] in (38, 48):
                layer, kind, *rest = numbers
                value = tuple(rest[:3]) if kind == 2 else palette(rest[0])
                numbers = rest[3:] if kind == 2 else rest[1:]
                top, bottom = (value, bottom) if layer == 38 else (top, value)
        rows += [above] if None in below else [above, below]
    return np.array(rows, np.uint8)


def palette(number):
    """Give a colour of xterm's 256, as its documentation defines them."""
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    levels = (0, 95, 135, 175, 215, 255)
    number -= 16
    return levels[number // 36], levels[number // 6 % 6], levels[number % 6]


TERMINALS = {
    "kitty": ({"TERM": "xterm-kitty"}, decode_kitty, 0),
    "ghostty": ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, decode_kitty, 0),
    "iTerm2": ({"TERM": "xterm", "TERM_PROGRAM": "iTerm.app"}, decode_iterm, 0),
    "iTerm2 over SSH": ({"TERM": "xterm", "LC_TERMINAL": "iTerm2"}, decode_iterm, 0),
    "forced": ({**PLAIN, "IMGCONV_PREVIEW": "iterm"}, decode_iterm, 0),
    "true colour": (PLAIN, decode_blocks, 0),
    "256 colours": ({"TERM": "xterm-256color", "COLORTERM": ""}, decode_blocks, 52),
    "screen": ({**PLAIN, "TERM": "screen-256color"}, decode_blocks, 0),
}


@pytest.mark.parametrize("name", TERMINALS)
@pytest.mark.sampled(3)
def test_what_a_terminal_gets_is_the_picture(tmp_path, picture, name):
    settings, decode, most = TERMINALS[name]
    code, said = on_terminal(tmp_path, APPLY, settings)
    assert code == 0
    shown = decode(said)
    assert shown.shape == picture.shape
    assert np.abs(shown.astype(int) - picture).max() <= most


def test_a_terminal_that_says_it_has_sixel_gets_sixel(tmp_path, picture):
    code, said = on_terminal(tmp_path, APPLY, {"TERM": "xterm"}, answer=b"\x1b[?62;4;22c")
    assert (code, said.startswith(b"\x1b[c\x1bPq")) == (0, True)
    shown = decode_sixel(said)
    assert shown.shape == picture.shape
    assert np.abs(shown.astype(int) - picture).mean() < 4


@pytest.mark.parametrize("answer", [b"", b"\x1b[?1;2c", b"\x1b[?64;14;24c"])
@pytest.mark.sampled(2)
def test_others_and_silent_ones_get_blocks(tmp_path, picture, answer):
    code, said = on_terminal(tmp_path, APPLY, PLAIN, answer=answer)
    assert code == 0
    assert (decode_blocks(said) == picture).all()


def test_a_large_picture_is_averaged_until_it_fits(tmp_path, astronaut):
    save(tmp_path / "in.png", astronaut)
    for columns in (80, 60):
        _, said = on_terminal(tmp_path, APPLY, PLAIN, size=(24, columns))
        expected = fitted(astronaut, 44, columns)
        assert expected.shape[0] == 44
        assert (decode_blocks(said) == expected).all()
        assert said.count(b"\n") == 22
    _, said = on_terminal(tmp_path, APPLY, {"TERM": "xterm-kitty"}, size=(10, 20))
    assert decode_kitty(said).shape == fitted(astronaut, 160, 200).shape


COMMANDS = {
    "compare": (["compare", "in.png", "-k", "blur"], 0, 4),
    "diff": (["diff", "in.png", "other.png"], 1, 3),
    "sheet": (["sheet", "in.png", "sheet.png", "-k", "blur"], 0, None),
    "kernels plot": (["kernels", "plot", "sobel_x", "plot.png"], 0, None),
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.sampled(2)
def test_every_command_shows_its_pictures(tmp_path, picture, name):
    words, expected, panels = COMMANDS[name]
    save(tmp_path / "other.png", np.ascontiguousarray(picture[:, ::-1]))
    kitty = {"TERM": "xterm-kitty"}
    code, said = on_terminal(tmp_path, [*words, "--preview"], kitty, size=(60, 200))
    assert code == expected, said
    shown = decode_kitty(said)
    if panels is None:
        written = cv2.imread(str(tmp_path / words[-1 if name != "sheet" else 2]))[..., ::-1]
        assert (shown == fitted(np.ascontiguousarray(written), 1160, 2000)).all()
    else:
        height, width = picture.shape[:2]
        assert shown.shape == (height, panels * width + 8 * (panels - 1), 3)
        assert (shown[:, :width] == picture).all()


def test_folders_show_the_first_pairs_that_differ(tmp_path, picture):
    for side in ("a", "b"):
        (tmp_path / side).mkdir()
        for i in range(5):
            save(tmp_path / side / f"{i}.png", picture ^ (7 if side == "b" and i else 0))
    _, said = on_terminal(tmp_path, ["diff", "a", "b", "--preview"], {"TERM": "xterm-kitty"})
    assert said.count(b"a=T") == 3
    assert said.count(b".png:\n\x1b_G") == 3


@pytest.mark.parametrize("words", [APPLY, ["compare", "in.png", "-k", "blur", "--preview"]])
@pytest.mark.sampled(2)
def test_a_pipe_gets_nothing(imgconv, picture, words):
    for settings in ({}, {"TERM": "xterm-kitty"}, {"IMGCONV_PREVIEW": "kitty"}):
        done = imgconv(*words, env=settings)
        assert done.code == 0
        assert b"\x1b" not in done.out + done.err.encode()
    done = imgconv("apply", "in.png", "-", "--format", "png", "-k", "identity", "--preview")
    assert done.out.startswith(b"\x89PNG")


def test_a_result_that_cannot_be_read_back_is_a_note(tmp_path, picture):
    words = ["apply", "in.png", "out.zarr", "-k", "identity", "--preview"]
    code, said = on_terminal(tmp_path, words, PLAIN)
    assert code == 0
    assert b"Note: no preview: out.zarr" in said


def test_a_terminal_without_pictures(tmp_path, picture):
    code, said = on_terminal(tmp_path, APPLY, {"TERM": "dumb"})
    assert (code, said) == (0, b"")
    assert find_protocol(None) is None


def test_what_the_environment_tells():
    assert has_true_colour({"COLORTERM": "24bit"})
    assert has_true_colour({"TERM": "xterm-direct"})
    assert not has_true_colour({"TERM": "xterm-256color"})
    assert PROTOCOLS == ("kitty", "iterm", "sixel", "blocks")


def test_transparency_shows_a_chessboard():
    image = np.zeros((16, 16, 4), np.uint8)
    image[:8, :8] = (10, 20, 30, 255)
    shown = as_rgb(image)
    assert (shown[:8, :8] == (10, 20, 30)).all()
    assert {int(v) for v in np.unique(shown[8:])} == {96, 160}
    assert (as_rgb(np.full((2, 2, 2), 255, np.uint8)) == 255).all()


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (6, 300), (13, 4)])
def test_any_size_goes_there_and_back(shape):
    image = np.random.default_rng(5).integers(0, 256, (*shape, 3), np.uint8)
    text = half_blocks(image, true_colour=True).encode()
    assert (decode_blocks(text) == image).all()
    few = (image // 128 * 255).astype(np.uint8)
    assert (decode_sixel(sixel(few).encode()) == few).all()


@pytest.mark.parametrize("columns", [80, 60])
def test_tmux_draws_the_picture(tmp_path, picture, columns):
    """What tmux shows is read back from its screen."""
    if shutil.which("tmux") is None:
        pytest.skip("needs tmux: apt-get install tmux")
    socket = str(tmp_path / "socket")
    program = f"{sys.executable} -m imgconv {' '.join(APPLY)}; echo done; sleep 60"
    tmux = ["tmux", "-S", socket, "-f", "/dev/null"]
    start = [*tmux, "new-session", "-d", "-x", str(columns), "-y", "24", program]
    settings = environment(TERM="xterm-256color", COLORTERM="truecolor", LC_ALL="C.UTF-8")
    subprocess.run(start, check=True, cwd=tmp_path, env=settings)
    try:
        for _ in range(300):
            screen = subprocess.run(
                [*tmux, "capture-pane", "-p", "-e"], capture_output=True, check=True
            ).stdout
            if b"done" in screen:
                break
            time.sleep(0.1)
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)
    assert (decode_blocks(screen) == picture).all()


def test_accept_shows_each_case_before_it_asks(tmp_path, picture, run):
    run("golden", "init", "in.png", "-k", "identity")
    run("golden", "record")
    save(tmp_path / "in.png", np.ascontiguousarray(picture[::-1]))
    words = ["golden", "accept", "--interactive"]
    ours = on_terminal(tmp_path, words, {"TERM": "xterm-kitty"}, answers={b"[n]: ": b"q\n"})
    assert ours[0] == 0
    shown = decode_kitty(ours[1])
    assert (shown[:, : picture.shape[1]] == picture).all()
    assert b"0 taken" in ours[1]
