"""A real local HTTP server with answers chosen by a test, for the behaviour of servers other than `transformers serve`."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """pieces: of the body, as they are sent, one chunk each. then: "end", "drop" (the end is missing), "stall" (nothing more comes)."""

    pieces: Sequence[bytes] = ()
    status: int = 200
    kind: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)
    then: str = "end"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str  # with its query
    headers: dict[str, str]
    body: bytes


class Quirks:
    """url: without /v1. asked: every request so far. answer: gives the answer to a request. connections: how many were opened.

    once: a connection is closed at its second request, without an answer, like a server does after its timeout for idle connections.
    """

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.over = threading.Event()
        self.connections = 0
        self.once = False

    @property
    def posted(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == "POST"]

    @contextlib.contextmanager
    def serving(self) -> Iterator[Quirks]:
        quirks = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            served = 0

            def setup(self) -> None:
                quirks.connections += 1
                super().setup()

            def log_message(self, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                self.served += 1
                if quirks.once and self.served > 1:
                    self.close_connection = True
                    return
                quirks.asked.append(asked)
                answer = quirks.answer(asked)
                self.send_response(answer.status)
                for name, value in {"Content-Type": answer.kind, "Transfer-Encoding": "chunked", **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(OSError):
                    for piece in filter(None, answer.pieces):
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    if answer.then == "stall":
                        quirks.over.wait(20)
                    if answer.then == "end":
                        self.wfile.write(b"0\r\n\r\n")
                self.close_connection = answer.then != "end"

            do_POST = do_GET

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield self
        finally:
            self.over.set()
            server.shutdown()
            server.server_close()


def chunk(content: object = None, finish: object = None, **more: object) -> dict[str, object]:
    """An event of a stream."""
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish, **more}]}


def whole(content: object, finish: object = "stop", **more: object) -> dict[str, object]:
    """A reply in one body."""
    return {"object": "chat.completion", "choices": [{"index": 0, "message": {"content": content, **more}, "finish_reason": finish}]}


def streamed(*events: object) -> list[bytes]:
    return [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events] + [b"data: [DONE]\n\n"]


def body(answer: object) -> list[bytes]:
    return [json.dumps(answer).encode()]
