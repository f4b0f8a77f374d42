"""A local package index of wheels that are made when needed. It can be slow or refuse requests, also behind a proxy that does."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def make_wheel(name: str, version: str = "1.0", size: int = 1000, module: bytes = b"HERE = True\n") -> tuple[str, bytes]:
    """File name and content of a pure wheel with one module and `size` bytes that can't be compressed."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": module,
        f"{name}/data.bin": os.urandom(size),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file, data in {**files, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(file, data)
    return f"{name}-{version}-py3-none-any.whl", content.getvalue()


class PackageIndex:
    """with PackageIndex({"name": size}) as index: pip install --extra-index-url index.url name

    held: names whose download stops halfway until `release()`. asked: the paths asked for, in order.
    """

    def __init__(self, sizes: dict[str, int], held: tuple[str, ...] = ()) -> None:
        self.wheels = dict(make_wheel(name, size=size) for name, size in sizes.items())
        self.held, self.asked = held, []
        self.halfway, self._released = threading.Event(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/simple/"

    def __enter__(self) -> PackageIndex:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def release(self) -> None:
        self._released.set()

    def _page(self, path: str) -> bytes | None:
        """A listing or a wheel; None where there is neither."""
        kind, _, name = path.strip("/").partition("/")
        if kind == "files":
            return self.wheels.get(name)
        names = [file for file in self.wheels if file.split("-")[0] == name.strip("/").replace("-", "_")]
        links = (f'<a href="/files/{file}#sha256={hashlib.sha256(self.wheels[file]).hexdigest()}">{file}</a>' for file in names)
        return "\n".join(links).encode() if names else None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        index = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_HEAD(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                index.asked.extend([self.path] if self.command == "GET" else [])
                body = index._page(self.path)
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.send_header("Content-Type", "text/html" if self.path.startswith("/simple") else "application/octet-stream")
                if self.path.startswith("/files"):
                    self.send_header("Cache-Control", "max-age=365000000, immutable")
                self.end_headers()
                if self.command == "HEAD":
                    return
                middle = len(body or b"") // 2 if any(f"/{name}-" in self.path for name in index.held) else 0
                with contextlib.suppress(OSError):  # the client was killed
                    self.wfile.write((body or b"")[:middle])
                    if middle:
                        index.halfway.set()
                        index._released.wait(60)
                    self.wfile.write((body or b"")[middle:])

        return Handler
