"""A local XYZ server whose tiles encode their place, so that a snapshot of them can be checked to the pixel.

with TileServer() as server:
    QgsRasterLayer(server.source, "tiles", "wms")
    server.answer = lambda x, y: 500          # or 404, "text", "slow", None for the tile itself
"""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image

SIDE = 256
LEVELS = 6
WORLD = 20037508.342789244  # metres of EPSG:3857 from the middle to the edge


def tile(x: int, y: int) -> np.ndarray:
    """uint8 (256, 256, 3): column, row, and the tile's number modulo 256."""
    picture = np.empty((SIDE, SIDE, 3), np.uint8)
    picture[..., 0], picture[..., 1] = np.arange(SIDE)[None, :], np.arange(SIDE)[:, None]
    picture[..., 2] = (x * 16 + y) % 256
    return picture


def mosaic(left: int, top: int, width: int, height: int) -> np.ndarray:
    """What a snapshot of these pixels of a level must be, uint8 (height, width, 3)."""
    columns, rows = np.arange(left, left + width)[None, :], np.arange(top, top + height)[:, None]
    number = (columns // SIDE * 16 + rows // SIDE) % 256
    return np.stack(np.broadcast_arrays(columns % SIDE, rows % SIDE, number), axis=-1).astype(np.uint8)


def resolution(level: int) -> float:
    """Metres of EPSG:3857 per pixel."""
    return 2 * WORLD / SIDE / 2**level


class TileServer:
    """`answer` gives, for a tile, a status to answer with, "text", "slow" (three seconds late), or None for the tile itself."""

    def __init__(self) -> None:
        self.answer: Callable[[int, int], int | str | None] = lambda x, y: None
        self.asked: list[tuple[int, int, int]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def source(self) -> str:
        """As QGIS names an XYZ layer."""
        # A unique name: with the same port, QGIS would take the tiles of an earlier server out of its cache.
        url = f"http://127.0.0.1:{self._server.server_address[1]}/{id(self)}-{time.time_ns()}/{{z}}/{{x}}/{{y}}.png"
        return f"type=xyz&url={url}&zmin=0&zmax={LEVELS}"

    def __enter__(self) -> TileServer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                z, x, y = (int(part) for part in self.path.removesuffix(".png").split("/")[-3:])
                server.asked.append((z, x, y))
                answer = server.answer(x, y)
                if answer == "slow":
                    time.sleep(3)
                if isinstance(answer, int):
                    return self._send(answer, "text/plain", b"")
                if answer == "text":
                    return self._send(200, "text/html", b"<p>Please log in.</p>")
                file = io.BytesIO()
                Image.fromarray(tile(x, y)).save(file, "PNG")
                self._send(200, "image/png", file.getvalue())

            def _send(self, status: int, kind: str, body: bytes) -> None:
                with contextlib.suppress(ConnectionError):  # a client that cancels does not wait for the answer
                    self.send_response(status)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
