"""A proxy for a real server that adds the errors of networks and busy servers. One request a connection."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import threading
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """The error of one request. status: the proxy answers itself, with `headers` and `body`, and does not ask the server.

    events: this number of events of the stream is passed on; then `then`: "drop" (the connection is reset), "stall" (nothing more is sent).
    pace: seconds before each piece of the answer.
    """

    status: int = 0
    headers: str = ""
    body: str = ""
    events: int = -1
    then: str = "drop"
    pace: float = 0.0


@dataclass
class Exchange:
    """One request: head and body, when it came, when the client closed the connection (0: it did not), bytes of the answer."""

    request: bytes
    began: float
    hung_up: float = 0.0
    ended: threading.Event = field(default_factory=threading.Event)
    answered: bytes = b""


class FaultProxy:
    """A context manager. Each completion request uses the next of `faults`; without one, the traffic is passed on unchanged."""

    def __init__(self, upstream: str) -> None:
        result = re.match(r"http://([^:/]+):(\d+)", upstream)
        assert result
        self.upstream = (result[1], int(result[2]))
        self.faults: list[Fault] = []
        self.exchanges: list[Exchange] = []
        self.lock = threading.Lock()

    def __enter__(self) -> FaultProxy:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.listener.close()

    @property
    def asked(self) -> list[Exchange]:
        """The completion requests."""
        return [exchange for exchange in self.exchanges if exchange.request.startswith(b"POST")]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        request = _request(client)
        if not request:
            return client.close()
        with self.lock:
            fault = self.faults.pop(0) if self.faults and request.startswith(b"POST") else Fault()
            exchange = Exchange(request, time.monotonic())
            self.exchanges.append(exchange)
        with client, contextlib.suppress(OSError):
            if fault.status:
                length = len(fault.body.encode())
                head = f"HTTP/1.1 {fault.status} Fault\r\n{fault.headers}Connection: close\r\nContent-Length: {length}\r\n\r\n"
                client.sendall((head + fault.body).encode())
            else:
                with socket.create_connection(self.upstream) as server:
                    server.sendall(re.sub(rb"(?i)\r\nconnection: [^\r]*", b"\r\nConnection: close", request, count=1))
                    self._relay(client, server, fault, exchange)
        exchange.ended.set()

    def _relay(self, client: socket.socket, server: socket.socket, fault: Fault, exchange: Exchange) -> None:
        stalled = False
        while True:
            ready, _, _ = select.select([client] if stalled else [client, server], [], [])
            if client in ready and _has_hung_up(client):
                exchange.hung_up = time.monotonic()
                return  # this closes the server's side too, so that the server notices
            if server not in ready or stalled:
                continue
            time.sleep(fault.pace)
            data = server.recv(65536)
            if not data:
                return
            through = _first_events(exchange.answered, data, fault.events)
            exchange.answered += data[:through]
            client.sendall(data[:through])
            if through < len(data):
                if fault.then == "drop":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # a reset, like a broken router sends it
                    return
                stalled = True


def _has_hung_up(client: socket.socket) -> bool:
    """A client that has not read all it was sent ends the connection with a reset."""
    try:
        return not client.recv(65536)
    except ConnectionError:
        return True


def _first_events(before: bytes, data: bytes, events: int) -> int:
    """The number of bytes of `data` in its first `events` complete events (-1: all bytes)."""
    if events < 0:
        return len(data)
    left, at = events - before.count(b"\n\n"), 0
    while left > 0:
        at = data.find(b"\n\n", at) + 2
        if at < 2:
            return len(data)
        left -= 1
    return at


def _request(client: socket.socket) -> bytes:
    """Head and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := client.recv(65536)):
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    result = re.search(rb"(?i)content-length: (\d+)", head)
    while len(body) < int(result[1] if result else 0):
        more = client.recv(1 << 20)
        body += more
    return head + b"\r\n\r\n" + body
