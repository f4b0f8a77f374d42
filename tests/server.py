"""A real OpenAI-compatible server, `transformers serve`, with a servable checkpoint, for tests of the remote engine."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

LISTED = "tests/listed"  # what /v1/models names: a model in the server's own cache


@dataclass(frozen=True)
class Server:
    """url: without /v1. model: the name it answers to."""

    url: str
    model: str


@contextlib.contextmanager
def serving(checkpoint: Path, folder: Path) -> Iterator[Server]:
    """Serves `checkpoint`; the server's files are written to `folder`, its output to server.log there. Takes about ten seconds."""
    from zoomearth.training.tuning.servable import servable

    model = servable(checkpoint, folder / "served")
    _cache_entry(folder / "home" / "hub")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(model)]
    command += ["--trust-remote-code", "--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "HF_HOME": str(folder / "home"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, folder / "server.log")
        yield Server(url, str(model))
    finally:
        process.kill()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/health", trust_env=False).status_code == 200:
                return
        time.sleep(0.2)
    raise AssertionError(f"the server does not come up:\n{log.read_text()[-3000:]}")


def _cache_entry(hub: Path) -> None:
    """Adds a model that /v1/models lists, like on a server in use."""
    folder = hub / ("models--" + LISTED.replace("/", "--"))
    snapshot = folder / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text(json.dumps({"architectures": ["Qwen2_5_VLForConditionalGeneration"]}))
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("0" * 40)
