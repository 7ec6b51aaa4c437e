"""An S3 server that denies, fails, delays and cuts: nothing is left out in silence."""

from __future__ import annotations

import os
import uuid

import pytest
from cli.batches import events, make_tree, tree
from cli.program import assert_fails
from services.s3_proxy import Fault, S3Proxy

from imgconv import filter_folder, recipe_from
from imgconv.io.storage import remote, remote_listing
from imgconv.io.storage.locations import parse_place
from imgconv.io.storage.opening import open_storage

pytestmark = pytest.mark.services

NAMES = ["a.png", "b.png", "deep/c.png", "deep/d.png", "deep/er/e.png", "x/f.png"]
RECIPE = recipe_from({"kernels": ["sharpen"]})
DENIED = [
    Fault(403, "AccessDenied"),
    Fault(400, "ExpiredToken"),
    Fault(403, "SignatureDoesNotMatch"),
    Fault(500, "InternalError"),
    Fault(503, "SlowDown"),
]


@pytest.fixture
def base(s3_server, tmp_path):
    """Give a folder with pictures, whose outputs are known."""
    base = f"{s3_server}/{uuid.uuid4().hex}"
    filter_folder(make_tree(tmp_path / "photos", NAMES), tmp_path / "calm", RECIPE)
    for name, data in tree(tmp_path / "photos").items():
        remote.write_whole(parse_place(f"{base}/in") / name, data)
    return base


@pytest.fixture
def proxy(s3_server):
    started = S3Proxy.before(os.environ["AWS_ENDPOINT_URL"])
    yield started
    started.close()


@pytest.fixture
def batch(imgconv, proxy, base):
    """Run a batch whose requests go through the proxy, with few retries of the library itself."""

    def call(*options, source=f"{base}/in", target=f"{base}/out"):
        env = {"AWS_ENDPOINT_URL": proxy.endpoint, "AWS_MAX_ATTEMPTS": "1"}
        return imgconv("batch", source, target, "-k", "sharpen", *options, env=env)

    return call


def outputs(base):
    storage = open_storage(f"{base}/out")
    return {found.key: storage.read(found.key).data for found in storage.listing()}


def nothing_written(base):
    return not remote_listing.list_names(parse_place(f"{base}/out"))


def is_listing(method, path, prefix):
    return method == "GET" and "list-type=2" in path and f"prefix={prefix}" in path


@pytest.mark.parametrize("fault", DENIED, ids=lambda fault: fault.code)
def test_a_listing_that_fails_is_a_failure(batch, proxy, base, fault):
    inside = parse_place(f"{base}/in").path.lstrip("/")
    proxy.rule = lambda *what: fault if is_listing(*what, inside) else None
    assert_fails(batch("-q"), 4, f"{base}/in")
    assert nothing_written(base)


@pytest.mark.parametrize("fault", DENIED[::2], ids=lambda fault: fault.code)
def test_a_prefix_that_cannot_be_listed_fails_by_name(batch, proxy, base, tmp_path, fault):
    inside = parse_place(f"{base}/in").path.lstrip("/")
    proxy.rule = lambda *what: fault if is_listing(*what, f"{inside}/deep/") else None
    done = batch("--json")
    assert done.code == 1, done
    (failure,) = events(done.out, "failed")
    assert failure["message"].startswith("deep: this folder cannot be listed")
    calm = tree(tmp_path / "calm")
    assert outputs(base) == {name: calm[name] for name in ("a.png", "b.png", "x/f.png")}
    proxy.rule = lambda *_: None
    assert batch("-q").code == 0
    assert outputs(base) == calm


@pytest.mark.parametrize(
    "fault", [*DENIED[::3], Fault(404, "NoSuchKey"), Fault(cut=True)], ids=lambda f: f.code or "cut"
)
def test_an_object_that_cannot_be_read_fails_by_name(batch, proxy, base, tmp_path, fault):
    proxy.rule = lambda method, path: (
        fault if method == "GET" and path.endswith("/in/b.png") else None
    )
    done = batch("--json")
    assert done.code == 1, done
    (failure,) = events(done.out, "failed")
    assert failure["target"] == "b.png"
    calm = tree(tmp_path / "calm")
    assert outputs(base) == {name: data for name, data in calm.items() if name != "b.png"}


@pytest.mark.parametrize("fault", [Fault(403, "AccessDenied"), Fault(500, "InternalError")])
def test_an_output_that_cannot_be_written_fails_by_name(batch, proxy, base, tmp_path, fault):
    proxy.rule = lambda method, path: (
        fault if method == "PUT" and path.endswith("/out/b.png") else None
    )
    done = batch("--json")
    assert (done.code, [e["target"] for e in events(done.out, "failed")]) == (1, ["b.png"])
    proxy.rule = lambda *_: None
    assert batch("-q").code == 0
    assert outputs(base) == tree(tmp_path / "calm")


@pytest.mark.parametrize("fault", [Fault(403, "AccessDenied"), Fault(500, "InternalError")])
def test_rows_that_cannot_be_written_end_the_run(batch, proxy, base, fault):
    proxy.rule = lambda method, path: fault if method == "PUT" and "/.imgconv/" in path else None
    assert_fails(batch("-q"), 5, "/.imgconv/manifest-")
    assert nothing_written(base)


def test_an_answer_that_is_lost_does_no_harm(batch, proxy, base, tmp_path):
    """The put was done: the library asks again, and finds the very output."""
    lost = {}

    def rule(method, path):
        if method == "PUT" and not lost.setdefault(path, False):
            lost[path] = True
            return Fault(lost=True)
        return None

    proxy.rule = rule
    done = batch("-q")
    assert (done.code, done.err) == (0, "")
    assert len(lost) > len(NAMES)
    assert outputs(base) == tree(tmp_path / "calm")


def test_a_server_that_answers_late_fails_a_file_by_name(batch, proxy, base, tmp_path):
    proxy.rule = lambda method, path: (
        Fault(delay=20) if method == "GET" and path.endswith("/in/b.png") else None
    )
    done = batch("--json", "--timeout", "4")
    assert done.code == 1, done
    (failure,) = events(done.out, "failed")
    assert failure["message"].startswith("b.png: not done after 4 s")
    assert len(outputs(base)) == len(NAMES) - 1


def test_a_server_that_is_away_is_one_failure_for_the_run(batch, proxy, base, tmp_path):
    make_tree(tmp_path / "many", [f"{i:02}.png" for i in range(40)])
    for name, data in tree(tmp_path / "many").items():
        remote.write_whole(parse_place(f"{base}/many") / name, data)
    proxy.rule = lambda method, path: (
        Fault(503, "SlowDown") if method == "GET" and "/many/" in path else None
    )
    done = batch("-q", source=f"{base}/many")
    assert done.code == 4, done
    assert done.err.count("Failed: ") < 8
    assert done.err.count("Error: ") == 1


def test_in_place_nothing_is_done_twice_when_answers_are_lost(batch, proxy, base, tmp_path):
    lost = {}

    def rule(method, path):
        if method == "PUT" and path.endswith(".png") and not lost.setdefault(path, False):
            lost[path] = True
            return Fault(lost=True)
        return None

    proxy.rule = rule
    options = ("-q", "--in-place")
    batch(*options, "--assume-new", target=f"{base}/in")
    proxy.rule = lambda *_: None
    assert batch(*options, target=f"{base}/in").code == 0
    storage = open_storage(f"{base}/in")
    made = {found.key: storage.read(found.key).data for found in storage.listing()}
    assert made == tree(tmp_path / "calm")
