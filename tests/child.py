"""The backend as a real child process, started like the plugin starts it, for tests of the wire format."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading

from zoomearth.core.protocol import request_to_json
from zoomearth.core.requests import Ask, Batch, Load
from zoomearth.core.source import SceneSource


class Backend:
    """The child and its events, as JSON."""

    def __init__(self, root, environment=None):
        command = [sys.executable, "-I", "-X", "utf8", str(root / "backend" / "__main__.py"), "serve"]
        pipe = subprocess.PIPE
        # One thread: with so small a model several threads mostly wait for each other, most of all on a busy machine.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})}
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
        self.said, self.log, self.history, self.count = queue.Queue(), [], [], 0
        threading.Thread(target=lambda: [self.said.put(json.loads(line)) for line in self.process.stdout], daemon=True).start()
        threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True).start()

    def send(self, **message):
        self.line(json.dumps(message).encode())

    def request(self, request):
        self.send(**request_to_json(request))

    def line(self, line):
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def hear(self, timeout=180):
        event = self.said.get(timeout=timeout)
        self.history.append(event)
        return event

    def until(self, *events, id=None, timeout=180):
        """The next event with one of these names, and with this `id` where one is given."""
        while True:
            event = self.hear(timeout)
            if event["event"] in events and id in (None, event.get("id")):
                return event

    def last(self, id, timeout=180):
        return self.until("done", "failed", "cancelled", id=id, timeout=timeout)

    def id(self):
        """An id that was not used before."""
        self.count += 1
        return self.count

    def scripted(self, *replies, pace=0.0):
        """The next questions get these replies; earlier replies are discarded."""
        id = self.id()
        self.request(Load(replies=replies, pace=pace, id=id))
        assert self.last(id)["event"] == "done"
        self.history.clear()

    def ask(self, scene, question="What?", where=None, policy=None, bands=None):
        id = self.id()
        self.request(Ask(SceneSource(scene, bands), question, where, policy, id))
        return id

    def batch(self, *rows, at_once=8, out=None):
        """rows: Asks, each with an id."""
        id = self.id()
        self.request(Batch(rows, at_once, id, out))
        return id

    def end(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()
