"""A proxy before an S3 server that denies, delays, cuts and fails what a rule says."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import unquote_plus, urlsplit


class Fault(NamedTuple):
    """What happens to a request in place of an answer.

    Attributes
    ----------
    status, code : int, str
        Of the answer; 0 to pass on the server's.
    delay : float
        Seconds before that.
    cut : bool
        Whether half of the answer is sent, and the connection closed.
    lost : bool
        Whether the server does what was asked, and the connection is closed without an answer.
    """

    status: int = 0
    code: str = ""
    delay: float = 0
    cut: bool = False
    lost: bool = False


Rule = Callable[[str, str], Fault | None]
"""Gives the fault for a method and a path with its query, or None."""


class S3Proxy:
    """Passes requests on to a server, except for those that a rule is about."""

    def __init__(self, host: str, port: int) -> None:
        self.server = host, port
        self.rule: Rule = lambda *_: None
        self.seen: list[tuple[str, str]] = []
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._listener.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._listener.server_port}"
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()

    @classmethod
    def before(cls, endpoint: str) -> S3Proxy:
        """Return a proxy before the server at an address."""
        parts = urlsplit(endpoint)
        assert parts.hostname
        assert parts.port
        return cls(parts.hostname, parts.port)

    def close(self) -> None:
        """End it."""
        self._listener.shutdown()
        self._listener.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: S3Proxy

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        what = self.command, unquote_plus(self.path)
        self.proxy.seen.append(what)
        fault = self.proxy.rule(*what) or Fault()
        time.sleep(fault.delay)
        if fault.status:
            words = f"<Error><Code>{fault.code}</Code><Message>no</Message></Error>"
            self._answer(fault.status, [("Content-Type", "application/xml")], words.encode())
            return
        server = http.client.HTTPConnection(*self.proxy.server, timeout=60)
        server.request(self.command, self.path, body, dict(self.headers))
        answer = server.getresponse()
        data = answer.read()
        server.close()
        if fault.lost:
            self.close_connection = True
        else:
            self._answer(answer.status, answer.getheaders(), data, fault.cut)

    def _answer(
        self, status: int, headers: list[tuple[str, str]], data: bytes, cut: bool = False
    ) -> None:
        self.send_response_only(status)
        length = str(len(data))
        for name, value in headers:
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value
            elif name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = cut or self.close_connection

    def log_message(self, *_: object) -> None:
        """Write nothing."""


for _method in ("GET", "PUT", "HEAD", "POST", "DELETE"):
    setattr(_Handler, f"do_{_method}", _Handler.serve)
