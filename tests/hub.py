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
    """Large files by a redirect and with ranges, as the hub serves them; the headers of an address tell a file's size and checksum.

    cut: bytes after which the next weights break off, once. held: the weights stop halfway until `going_on` is set.
    names_only: the listing has no sizes and no checksums; silent: and the headers tell neither. forgotten: 416 to every resumed file.
    token: what an account must send; seen: the tokens that came, by whether they came to the hub or to where large files are stored.
    """

    daemon_threads = True

    def __init__(self, folder, repo=REPO):
        super().__init__(("127.0.0.1", 0), Handler)
        self.repo = repo
        self.files = {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in folder.rglob("*")
            if file.is_file() and file.name != "zoomearth.json"
        }
        self.files["README.md"] = b"not needed"
        self.listed = {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}
        self.cut = 0
        self.broken = 0  # answers of 503 still to come
        self.ranges = []
        self.names_only = self.silent = self.forgotten = False
        self.token, self.seen = "", []
        self.held, self.going_on = False, threading.Event()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        hub = self.server
        path = self.path.split("?")[0]
        sent = (self.headers["Authorization"] or "").removeprefix("Bearer ")
        hub.seen.append((path.startswith("/cdn/"), sent))
        if hub.token and sent != hub.token and not path.startswith("/cdn/"):
            return self.answer(401, b"")
        if hub.broken:
            hub.broken -= 1
            return self.answer(503, b"")
        if re.fullmatch(f"/api/models/{hub.repo}/revision/(main|{COMMIT})", path):
            siblings = [{"rfilename": "../escape.json", "size": 1, "blobId": "0"}]
            for name, content in hub.files.items():
                blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
                lfs = {"lfs": {"sha256": hub.listed[name]}} if name == WEIGHTS else {}
                siblings.append({"rfilename": name, **({} if hub.names_only else {"size": len(content), "blobId": blob, **lfs})})
            return self.answer(200, json.dumps({"sha": COMMIT, "siblings": siblings}).encode())
        name = path.removeprefix(f"/{hub.repo}/resolve/{COMMIT}/").removeprefix("/cdn/")
        if path == f"/{hub.repo}/resolve/{COMMIT}/{name}" and name == WEIGHTS:
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{hub.server_port}/cdn/{name}")
            if not hub.silent:
                self.send_header("X-Linked-Size", str(len(hub.files[name])))
                self.send_header("X-Linked-Etag", f'"{hub.listed[name]}"')
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if path in (f"/{hub.repo}/resolve/{COMMIT}/{name}", f"/cdn/{name}") and name in hub.files:
            return self.send_file(name)
        return self.answer(404, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def send_file(self, name):
        hub = self.server
        content = hub.files[name]
        if self.command == "HEAD":
            self.send_response(200)
            if not hub.silent:
                self.send_header("ETag", '"' + hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() + '"')
                self.send_header("Content-Length", str(len(content)))
            return self.end_headers()
        start = int(re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "bytes=0-")[1])
        hub.ranges.append((name, start))
        if start and hub.forgotten:
            return self.answer(416, b"")
        self.send_response(206 if self.headers["Range"] else 200)
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
