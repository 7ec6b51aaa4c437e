"""Reading, writing and listing behind URLs: the same on every service."""

from __future__ import annotations

import threading
import time

import pytest

from imgconv.io.storage import remote, remote_listing, services
from imgconv.io.storage.locations import Url, parse_place
from imgconv.model.errors import (
    ImageReadError,
    ImageWriteError,
    LimitError,
    OutputExistsError,
)


@pytest.fixture
def base(folder: str) -> Url:
    place = parse_place(folder)
    assert isinstance(place, Url)
    return place


def test_what_is_written_is_read_back(base):
    url = base / "a b" / "ü.png"
    assert not remote.exists(url)
    remote.write_whole(url, b"first")
    assert remote.exists(url)
    assert remote.read_bytes(url) == b"first"
    with pytest.raises(OutputExistsError, match=r"ü\.png exists"):
        remote.write_whole(url, b"second")
    assert remote.read_bytes(url) == b"first"
    remote.write_whole(url, b"third", overwrite=True)
    assert remote.read_bytes(url) == b"third"
    assert [found.url for found in remote_listing.listing(base)] == [url]


def test_many_writers_make_the_same_folders(base):
    for attempt in range(5):
        start, failed = threading.Barrier(6), []

        def write(i, start=start, failed=failed, attempt=attempt):
            start.wait()
            try:
                remote.write_whole(base / f"{attempt}/deep/deeper/still/{i}.png", b"x")
            except ImageWriteError as error:
                failed.append(error)

        writers = [threading.Thread(target=write, args=(i,)) for i in range(6)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert not failed
    assert len(list(remote_listing.listing(base))) == 30


def test_a_file_that_is_not_there(base):
    with pytest.raises(ImageReadError, match=r"none\.png: no such file"):
        remote.read_bytes(base / "none.png")


def test_more_bytes_than_may_be(base):
    remote.write_whole(base / "large", bytes(1000))
    with pytest.raises(LimitError, match="larger than 999 bytes"):
        remote.read_bytes(base / "large", 999)
    assert len(remote.read_bytes(base / "large", 1000)) == 1000


def test_a_tree_is_listed_with_sizes_and_versions(base):
    names = ["b/2.png", "a.png", "b/c/3.png"]
    for i, name in enumerate(names):
        remote.write_whole(base / name, bytes(i))
    found = {str(f.url): f for f in remote_listing.listing(base)}
    assert {url: f.size for url, f in found.items()} == {
        str(base / name): i for i, name in enumerate(names)
    }
    assert all(f.version for f in found.values())


def test_of_two_writers_one_wins(base):
    """A put without overwrite is conditional where the service can, whoever comes second."""
    url, outcomes = base / "race.bin", []

    def write(content: bytes) -> None:
        try:
            remote.write_whole(url, content * 200_000)
            outcomes.append(content)
        except OutputExistsError:
            outcomes.append(b"")

    threads = [threading.Thread(target=write, args=(bytes([i]),)) for i in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [content for content in outcomes if content]
    assert len(winners) == 1
    assert remote.read_bytes(url) == winners[0] * 200_000
    assert [str(found.url) for found in remote_listing.listing(base)] == [str(url)]


def test_https_is_read_only():
    with pytest.raises(ImageWriteError, match="can be read, not written"):
        remote.write_whole(Url("https", "example.org", "/a.png"), b"")


def test_secrets_stay_secret(tmp_path):
    url = parse_place("https://127.0.0.1:9/a.png?X-Amz-Signature=secret")
    with pytest.raises(ImageReadError) as caught:
        remote.read_bytes(url)
    assert "secret" not in str(caught.value)
    assert "secret" not in str(url)


@pytest.mark.services
def test_a_host_that_is_not_known_is_refused(sftp_server, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    place = parse_place(sftp_server.replace("127.0.0.1", "localhost"))
    with pytest.raises(ImageReadError, match=r"Authentication|not in .*known_hosts"):
        remote.read_bytes(place / "a.png")


@pytest.mark.parametrize("error", [EOFError(), OSError("Error reading SSH protocol banner")])
def test_a_server_that_drops_connections_is_asked_again(monkeypatch, error):
    """As sshd does where many connect at a time; never more than four of this process do."""
    lock, now, most, dropped = threading.Lock(), [0], [0], [3]
    monkeypatch.setattr(services, "_SSH_PAUSES", (0, 0, 0, 0))

    def connect(scheme, host):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
            fails, dropped[0] = dropped[0] > 0, dropped[0] - 1
        time.sleep(0.02)
        with lock:
            now[0] -= 1
        if fails:
            raise error
        return f"{scheme} {host}"

    monkeypatch.setattr(services, "_open", connect)
    found = []
    url = Url("sftp", "host", "/a.png")
    threads = [
        threading.Thread(target=lambda: found.append(services.file_system(url))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["sftp host"] * 12
    assert most[0] == 4


def test_a_host_that_refuses_is_not_asked_again(monkeypatch):
    calls = []

    def refuse(*_):
        calls.append(1)
        raise PermissionError("Authentication failed")

    monkeypatch.setattr(services, "_open", refuse)
    with pytest.raises(ImageReadError, match="permission denied"):
        remote.read_bytes(Url("sftp", "another", "/a.png"))
    assert calls == [1]
