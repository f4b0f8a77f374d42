"""A benchmark's data are complete: downloads resume and are checked, parts are joined, and nothing is unpacked outside the folder."""

import hashlib
import io
import json
import re
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from rich.console import Console

from zoomearth.core.errors import DataError
from zoomearth.training.data.sets import BENCHMARKS
from zoomearth.training.data.sets.download import download, unpack

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO = BENCHMARKS["lrs-gro"].repo
SILENT = Console(quiet=True)


def tar(**members):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name.replace("__", "/"))
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        hub = self.server
        path = self.path.split("?")[0]
        if match := re.fullmatch(f"/api/datasets/{REPO}/revision/(.+)", path):
            hub.asked.append(match[1])
            listed = [
                {"rfilename": name, "size": len(data), "lfs": {"sha256": hashlib.sha256(data).hexdigest()}}
                for name, data in hub.files.items()
            ]
            return self.answer(json.dumps({"sha": COMMIT, "siblings": listed}).encode())
        name = path.removeprefix(f"/datasets/{REPO}/resolve/{COMMIT}/")
        start = int((self.headers["Range"] or "bytes=0-")[6:-1])
        hub.sent.append((name, start))
        self.answer(hub.files[name][start:], 206)

    def answer(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def hub(monkeypatch):
    row = {"question_id": "1", "image_name": "a.tif", "question": "?", "ground_truth": "x", "bbox": [], "type": "global"}
    archive = tar(images__a=b"A" * 3000, images__b=b"B" * 5000)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked, server.sent = [], []
    server.files = {
        "data/test.jsonl": json.dumps(row).encode(),
        "images.tar.part-aa": archive[:4000],
        "images.tar.part-ab": archive[4000:],
        "README.md": b"not wanted",
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    yield server
    server.shutdown()


def test_a_set_arrives_whole_with_its_parts_joined_and_stays_at_its_commit(hub, tmp_path):
    benchmark = BENCHMARKS["lrs-gro"]()
    (tmp_path / "images.tar.part-aa").write_bytes(hub.files["images.tar.part-aa"][:1500])  # an interrupted download
    download(benchmark, tmp_path, SILENT)
    assert ("images.tar.part-aa", 1500) in hub.sent
    assert "README.md" not in {name for name, _ in hub.sent}
    assert ((tmp_path / "images/a").read_bytes(), (tmp_path / "images/b").read_bytes()) == (b"A" * 3000, b"B" * 5000)
    assert [example.id for example in benchmark.load(tmp_path)] == ["1"]
    sent = len(hub.sent)
    (tmp_path / "images/a").unlink()
    download(benchmark, tmp_path, SILENT)
    assert hub.asked == ["main", COMMIT]
    assert len(hub.sent) == sent, "nothing travels twice"
    assert not (tmp_path / "images/a").exists(), "and nothing is unpacked twice"


def test_an_archive_cant_write_outside_its_folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "x.tar").write_bytes(tar(**{"..__escaped": b"x"}))
    with pytest.raises(DataError, match=r"x\.tar can't be unpacked"):
        unpack(folder, SILENT)
    assert not (tmp_path / "escaped").exists()


def test_a_missing_part_is_said_and_not_taken_for_the_end(tmp_path):
    whole = tar(a=b"A" * 30_000)
    (tmp_path / "x.tar.part-aa").write_bytes(whole[:9000])
    with pytest.raises(DataError, match="can't be unpacked"):
        unpack(tmp_path, SILENT)
    (tmp_path / "x.tar.part-ab").write_bytes(whole[9000:])
    unpack(tmp_path, SILENT)
    assert (tmp_path / "a").stat().st_size == 30_000


def test_a_zip_is_unpacked_and_a_7z_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("inside/z.jpg", b"z")
    (tmp_path / "LRS_VQA.7z.001").write_bytes(b"")
    text = Console(file=io.StringIO(), width=1000)
    unpack(tmp_path, text)
    assert (tmp_path / "inside/z.jpg").read_bytes() == b"z"
    assert "7z x" in text.file.getvalue()
