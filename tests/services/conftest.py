"""Real services on loopback: an S3 server (moto), an SFTP server (OpenSSH), and memory."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.batches import make_tree
from services.url_batches import NAMES

from imgconv.io.storage import remote
from imgconv.io.storage.locations import parse_place

SERVICES = [
    "memory",
    pytest.param("s3", marks=pytest.mark.services),
    pytest.param("sftp", marks=pytest.mark.services),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Run moto's server; give the address of an empty bucket in it."""
    pytest.importorskip("moto", reason="needs: pip install 'imgconv[test-services]'")
    port = free_port()
    command = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p"]
    with subprocess.Popen(
        [*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_for(port, server)
            endpoint = f"http://127.0.0.1:{port}"
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("AWS_ACCESS_KEY_ID", "test")
                patch.setenv("AWS_SECRET_ACCESS_KEY", "not-so-secret")
                patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
                patch.setenv("AWS_ENDPOINT_URL", endpoint)
                patch.delenv("AWS_PROFILE", raising=False)
                request = urllib.request.Request(f"{endpoint}/pictures", method="PUT")
                urllib.request.urlopen(request, timeout=30).close()
                yield "s3://pictures"
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run sshd as this user, with keys of its own; give the address of an empty folder."""
    sshd = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
    if sshd is None:
        pytest.skip("needs sshd: apt-get install openssh-server")
    pytest.importorskip("paramiko", reason="needs: pip install 'imgconv[test-services]'")
    home = tmp_path_factory.mktemp("ssh")
    (home / ".ssh").mkdir(mode=0o700)
    Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host", ".ssh/id_ed25519"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / name], check=True
        )
    port = free_port()
    public = (home / "host.pub").read_text().split()[:2]
    (home / ".ssh/known_hosts").write_text(f"[127.0.0.1]:{port} {' '.join(public)}\n")
    (home / ".ssh/id_ed25519.pub").rename(home / "authorized")
    (home / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {home}/host\nPidFile none\n"
        f"AuthorizedKeysFile {home}/authorized\nStrictModes no\nUsePAM no\n"
        "PermitRootLogin yes\nSubsystem sftp internal-sftp\nMaxStartups 4:50:8\n"
    )
    with subprocess.Popen(
        [sshd, "-D", "-e", "-f", home / "config"], stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_for(port, server)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("HOME", str(home))
                (home / "pictures").mkdir()
                yield f"sftp://{getpass.getuser()}@127.0.0.1:{port}{home}/pictures"
        finally:
            server.terminate()


@pytest.fixture(params=SERVICES)
def folder(request: pytest.FixtureRequest) -> str:
    """Give the URL of a folder that nobody else uses, on each service in turn."""
    base = (
        "memory:/"
        if request.param == "memory"
        else request.getfixturevalue(f"{request.param}_server")
    )
    return f"{base}/{uuid.uuid4().hex}"


@pytest.fixture
def pictures(tmp_path):
    make_tree(tmp_path / "photos", NAMES)
    (tmp_path / "photos" / "note.txt").write_text("no picture")
    return tmp_path / "photos"


@pytest.fixture
def uploaded(pictures, folder):
    base = parse_place(f"{folder}/in")
    for path in sorted(pictures.rglob("*")):
        if path.is_file():
            remote.write_whole(base / path.relative_to(pictures).as_posix(), path.read_bytes())
    return str(base)
