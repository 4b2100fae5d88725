"""A server between a module and its backend that can do everything a network can: and counts what was asked."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_connection, socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\noops"


@dataclass
class Fault:
    """What happens to a request instead of being passed on."""

    status: int = 0  # answer this
    silent: bool = False  # say nothing for as long as the client waits
    drip: bool = False  # a byte now and then, without end
    hang_up: bool = False  # close the connection without a word


@dataclass
class Proxy:
    """In front of `host:port`. HTTP requests are counted; of another protocol only the bytes pass through."""

    host: str
    port: int
    http: bool = True
    tls: ssl.SSLContext | None = None
    fault: Fault = field(default_factory=Fault)
    asked: list[tuple[str, str]] = field(default_factory=list)
    address: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        server = (_http if self.http else _tcp)(self)
        self.address = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield self
        finally:
            self.stopping.set()
            server.shutdown()
            server.server_close()

    def writes(self) -> list[tuple[str, str]]:
        return [asked for asked in self.asked if asked[0] not in ("GET", "HEAD")]

    def reads(self) -> list[tuple[str, str]]:
        return [asked for asked in self.asked if asked[0] in ("GET", "HEAD")]

    def stall(self, connection: socket) -> None:
        """As long as somebody waits, no answer; with `drip`, one that never ends."""
        with suppress(OSError):
            if self.fault.drip:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: " if self.http else b"\0\x7f")  # a greeting's beginning
            while not self.stopping.wait(0.2):
                if self.fault.drip:
                    connection.sendall(b".")


def _http(proxy: Proxy) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            if proxy.tls:
                self.request.settimeout(5)
                self.request = proxy.tls.wrap_socket(self.request, server_side=True)
                self.request.settimeout(None)
            super().setup()
            self.upstream = http.client.HTTPConnection(proxy.host, proxy.port, timeout=60)

        def finish(self) -> None:
            self.upstream.close()
            super().finish()

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            proxy.asked.append((self.command, self.path))
            fault = proxy.fault
            if fault.silent or fault.drip:
                proxy.stall(self.connection)
            if fault.silent or fault.drip or fault.hang_up:
                self.close_connection = True
            elif fault.status:
                self.answer(fault.status, {"Content-Type": "text/plain"}, b"oops")
            else:
                self.upstream.request(self.command, self.path, body, dict(self.headers))
                answer = self.upstream.getresponse()
                self.answer(answer.status, dict(answer.getheaders()), answer.read())

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_one

        def log_message(self, *_: Any) -> None:
            pass

    return _Http(("127.0.0.1", 0), Handler)


class _Quiet:
    """A client that goes away, or refuses the certificate, is what is tested."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: Any) -> None:
        pass


class _Http(_Quiet, ThreadingHTTPServer):
    pass


class _Tcp(_Quiet, ThreadingTCPServer):
    allow_reuse_address = True


def _tcp(proxy: Proxy) -> ThreadingTCPServer:
    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            client: socket = self.request
            if proxy.tls:
                client.settimeout(5)
                client = proxy.tls.wrap_socket(client, server_side=True)
                client.settimeout(None)
            with client:
                if proxy.fault.silent or proxy.fault.drip:
                    proxy.stall(client)
                elif proxy.fault.status:
                    client.recv(65536)
                    client.sendall(BROKEN)
                elif not proxy.fault.hang_up:
                    self.pass_on(client)

        @staticmethod
        def pass_on(client: socket) -> None:
            with create_connection((proxy.host, proxy.port), timeout=60) as upstream:
                back = threading.Thread(target=_pump, args=(upstream, client), daemon=True)
                back.start()
                _pump(client, upstream)
                back.join(5)

    return _Tcp(("127.0.0.1", 0), Handler)


def _pump(source: socket, sink: socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(1)


@contextmanager
def unused_port() -> Iterator[int]:
    """A port of this machine at which nothing listens: held, or the next server might be given it."""
    with socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])
