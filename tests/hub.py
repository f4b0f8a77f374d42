"""A local replacement of the Hugging Face hub: its two routes for the files of a folder, and their errors."""

import contextlib
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO = "HappyBug/ZoomEarth-3B"
WEIGHTS = "model.safetensors"


class Hub(ThreadingHTTPServer):
    """Serves large files by a redirect and with ranges, like the hub. cut: bytes after which the next download breaks off, once.
    held: the weights stop halfway until `going_on` is set."""

    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "zoomearth.json"}
        self.files["README.md"] = b"not needed"
        self.listed = {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}
        self.cut = 0
        self.broken = 0  # answers of 503 still to come
        self.ranges = []
        self.held, self.going_on = False, threading.Event()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        hub = self.server
        path = self.path.split("?")[0]
        if hub.broken:
            hub.broken -= 1
            return self.answer(503, b"")
        if re.fullmatch(f"/api/models/{REPO}/revision/(main|{COMMIT})", path):
            siblings = [{"rfilename": "../escape.json", "size": 1, "blobId": "0"}]
            for name, content in hub.files.items():
                blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
                lfs = {"lfs": {"sha256": hub.listed[name]}} if name == WEIGHTS else {}
                siblings.append({"rfilename": name, "size": len(content), "blobId": blob, **lfs})
            return self.answer(200, json.dumps({"sha": COMMIT, "siblings": siblings}).encode())
        name = path.rsplit("/", 1)[1]
        if path == f"/{REPO}/resolve/{COMMIT}/{name}" and name == WEIGHTS:
            self.send_response(302)
            self.send_header("Location", f"{hub.address}/cdn/{name}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if path in (f"/{REPO}/resolve/{COMMIT}/{name}", f"/cdn/{name}") and name in hub.files:
            return self.send_file(name)
        return self.answer(404, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_file(self, name):
        hub = self.server
        content = hub.files[name]
        start = int(re.fullmatch(r"bytes=(\d+)-", self.headers["Range"])[1])
        hub.ranges.append((name, start))
        self.send_response(206)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if name == WEIGHTS and hub.cut:
            self.wfile.write(content[start : hub.cut])
            hub.cut = 0
            self.connection.close()
            return
        middle = max(start, len(content) // 2) if name == WEIGHTS and hub.held else start
        with contextlib.suppress(OSError):  # the client was killed
            self.wfile.write(content[start:middle])
            if middle > start:
                hub.going_on.wait(60)
            self.wfile.write(content[middle:])
