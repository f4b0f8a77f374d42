"""A local HTTP server of one folder that supports byte ranges and counts requests and bytes, in place of an object store.

with RangeServer(folder) as server:
    Scene.open(server.url + "scene.tif")
    server.requests, server.bytes
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class RangeServer:
    """`fail` may be set to a function of (path, number of the request) that gives a status to answer with instead of the file, or None."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.requests, self.bytes = Path(folder), 0, 0
        self.log: list[str] = []
        self.fail: Callable[[str, int], int | None] = lambda path, number: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> RangeServer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self._answer(body=False)

            def do_GET(self) -> None:
                self._answer(body=True)

            def _answer(self, body: bool) -> None:
                outer.requests += 1
                outer.log.append(f"{self.command} {self.path} {self.headers.get('Range', '')}")
                path = outer.folder / self.path.lstrip("/").split("?")[0]
                status = outer.fail(self.path, outer.requests) or (200 if path.is_file() else 404)
                if status >= 400:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                size = path.stat().st_size
                spans = re.findall(r"(\d+)-(\d*)", self.headers.get("Range", ""))
                first, last = (int(spans[0][0]), min(int(spans[0][1] or size), size - 1)) if spans else (0, size - 1)
                self.send_response(206 if spans else 200)
                if spans:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(last - first + 1))
                self.end_headers()
                if body:
                    with path.open("rb") as file:
                        file.seek(first)
                        left = last - first + 1
                        while left > 0:
                            chunk = file.read(min(left, 1 << 20))
                            self.wfile.write(chunk)
                            outer.bytes += len(chunk)
                            left -= len(chunk)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        return Handler
