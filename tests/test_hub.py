"""Ways to the hub: mirrors, proxies, tokens and the cache of other programs; loopback servers stand for all of them."""

import json
import os
import select
import socket
import socketserver
import struct
import subprocess
import sys
import threading

import pytest
from hub import COMMIT, REPO, WEIGHTS, Hub
from quirks import Answer, Quirks, chunk, streamed
from tiny import make_tiny

from zoomearth.backend.engines.remote import RemoteEngine
from zoomearth.backend.models import access, store
from zoomearth.backend.models import hub as hub_module
from zoomearth.core.errors import ModelError
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Observation
from zoomearth.core.profile import Profile
from zoomearth.core.talk import Talk

ID = "zoomearth-3b"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("hub") / "tiny")


@pytest.fixture
def hub(checkpoint, tmp_path, monkeypatch):
    server = Hub(checkpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "huggingface"))
    monkeypatch.setenv("ZOOMEARTH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(hub_module.time, "sleep", lambda seconds: None)
    yield server
    server.shutdown()
    server.server_close()


def cache(tmp_path, hub, revision=COMMIT):
    """The model in the cache of huggingface_hub, as that lays it out: links to blobs."""
    folder = tmp_path / "huggingface" / "hub" / ("models--" + REPO.replace("/", "--"))
    snapshot = folder / "snapshots" / revision
    snapshot.mkdir(parents=True)
    (folder / "blobs").mkdir()
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(revision)
    for name, content in hub.files.items():
        (folder / "blobs" / name).write_bytes(content)
        (snapshot / name).symlink_to(folder / "blobs" / name)
    return snapshot


@pytest.mark.parametrize("silent", [False, True])
def test_a_mirror_whose_listing_has_only_names_is_enough(hub, silent):
    hub.names_only, hub.silent = True, silent
    hub.cut = 0 if silent else 300_000
    folder = store.download(ID)
    receipt = json.loads((folder / "download.json").read_text())
    assert receipt["files"][WEIGHTS] == {"size": len(hub.files[WEIGHTS]), "sha256": hub.listed[WEIGHTS]}
    starts = [start for name, start in hub.ranges if name == WEIGHTS]
    assert starts == ([0] if silent else [0, 300_000])
    assert store.verify(ID)


def test_headers_tell_a_wrong_checksum_of_a_mirror_with_names_only(hub):
    hub.names_only = True
    hub.listed[WEIGHTS] = "0" * 64
    with pytest.raises(ModelError, match="arrived damaged"):
        store.download(ID)


def test_a_torn_download_of_unknown_size_is_never_a_model(hub):
    """A silent mirror tells no size: only the weights' own header can say that the rest is missing."""
    hub.names_only = hub.silent = True
    hub.files[WEIGHTS] = hub.files[WEIGHTS][:-1]
    with pytest.raises(ModelError, match="damaged"):
        store.download(ID)


def test_checkpoints_of_a_training_are_left_in_the_repository(hub):
    hub.files |= {"checkpoint-10/model.safetensors": b"x" * 100, "checkpoint-10/config.json": b"{}", "runs/events.json": b"{}"}
    hub.listed |= dict.fromkeys(hub.files, "0" * 64) | {WEIGHTS: hub.listed[WEIGHTS]}
    folder = store.download(ID)
    assert not [path for path in folder.iterdir() if path.is_dir()]
    assert {name for name, _ in hub.ranges} == {path.name for path in folder.iterdir()} - {"zoomearth.json", "download.json"}


def test_a_server_that_forgot_a_file_is_asked_for_all_of_it(hub, tmp_path):
    part = tmp_path / "home/models/zoomearth-3b.part"
    part.mkdir(parents=True)
    (part / WEIGHTS).write_bytes(hub.files[WEIGHTS][:1000])
    hub.forgotten = True
    store.download(ID)
    assert [start for name, start in hub.ranges if name == WEIGHTS] == [1000, 0]
    assert store.verify(ID)


def test_a_lasting_refusal_is_said_in_our_words(hub, tmp_path):
    hub.broken = 10**6
    with pytest.raises(ModelError, match=r"can't be reached: HTTP 503 Service Unavailable\.$"):
        store.download(ID)


def test_an_endpoint_without_a_scheme_is_taken_as_https(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "hub.example/")
    assert access.endpoint() == "https://hub.example"
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:8000")
    assert access.endpoint() == "http://127.0.0.1:8000"


def test_an_endpoint_that_is_no_address_is_named(hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example:port")
    with pytest.raises(ModelError, match=r"http://hub\.example:port is not an address: Invalid port") as refused:
        store.download(ID)
    assert "HF_ENDPOINT" in refused.value.hint


def test_the_token_of_a_login_opens_a_gated_model_and_goes_to_the_hub_alone(hub, tmp_path, monkeypatch):
    hub.token = "hf_good"
    with pytest.raises(ModelError, match=r"not open to everyone \(401\)") as refused:
        store.download(ID)
    assert "hf auth login" in refused.value.hint
    file = tmp_path / "huggingface" / "token"
    file.parent.mkdir()
    file.write_text("hf_bad\n")
    with pytest.raises(ModelError, match="account of your token") as refused:
        store.download(ID)
    assert str(file) in refused.value.hint
    monkeypatch.setenv("HF_TOKEN", "hf_good")  # comes before the file
    store.download(ID)
    assert {token for elsewhere, token in hub.seen if elsewhere} == {""}


def test_the_file_of_a_login_is_read(hub, tmp_path, monkeypatch):
    (tmp_path / "token").write_text("hf_good\n")
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "token"))
    hub.token = "hf_good"
    assert store.download(ID).is_dir()


def test_what_another_program_has_downloaded_does_not_travel_again(hub, tmp_path):
    snapshot = cache(tmp_path, hub)
    (snapshot / "config.json").resolve().write_bytes(b"x" * len(hub.files["config.json"]))  # damaged: only this one travels
    folder = store.download(ID)
    assert hub.ranges == [("config.json", 0)]
    assert (folder / WEIGHTS).samefile(snapshot / WEIGHTS)
    assert store.verify(ID)


def test_files_of_another_revision_in_the_cache_are_not_taken(hub, tmp_path):
    cache(tmp_path, hub, revision="f" * 40)
    store.download(ID)
    assert (WEIGHTS, 0) in hub.ranges


@pytest.mark.parametrize("way", ["forbidden", "unreachable"])
def test_without_the_hub_a_model_in_the_cache_is_taken_whole(hub, tmp_path, monkeypatch, way):
    cache(tmp_path, hub)
    monkeypatch.setattr(store, "ALIKE", 1.0)  # it is tiny
    monkeypatch.setenv(*(("HF_HUB_OFFLINE", "1") if way == "forbidden" else ("HF_ENDPOINT", "http://127.0.0.1:9")))
    folder = store.download(ID)
    assert (store.revision(ID), hub.seen) == (COMMIT, [])
    assert store.profile_for(ID).dialect.name == "zoomearth"
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelError, match="missing"):
        store.verify(ID)


class Socks(socketserver.ThreadingTCPServer):
    """A SOCKS5 proxy without a login (RFC 1928). went: the addresses it was asked to connect to; leads: where each host really is."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Connection)
        self.went, self.leads = [], {}


class Connection(socketserver.BaseRequestHandler):
    def handle(self):
        methods = self.take(2)[1]
        self.take(methods)
        self.request.sendall(b"\x05\x00")
        kind = self.take(4)[3]
        host = socket.inet_ntoa(self.take(4)) if kind == 1 else self.take(self.take(1)[0]).decode()
        (port,) = struct.unpack(">H", self.take(2))
        self.server.went.append((host, port))
        with socket.create_connection(self.server.leads.get(host, (host, port))) as other:
            self.request.sendall(b"\x05\x00\x00\x01" + bytes(6))
            ends = {self.request: other, other: self.request}
            while True:
                for ready in select.select(list(ends), [], [])[0]:
                    data = ready.recv(1 << 16)
                    if not data:
                        return
                    ends[ready].sendall(data)

    def take(self, count):
        data = b""
        while len(data) < count:
            data += self.request.recv(count - len(data))
        return data


@pytest.fixture
def socks():
    with Socks() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_model_comes_through_a_socks_proxy(hub, socks, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{socks.server_address[1]}")
    store.download(ID)
    assert {port for _, port in socks.went} == {hub.server_port}


def test_a_model_on_a_server_is_asked_through_a_socks_proxy(hub, socks, monkeypatch):
    with Quirks(lambda asked: Answer(streamed(chunk("<answer>red</answer>"), chunk(finish="stop")))).serving() as server:
        socks.leads["model.example"] = ("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
        monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{socks.server_address[1]}")
        profile = Profile.from_dict({"name": "m"})
        engine = RemoteEngine("http://model.example/v1", "m", profile=profile, retries=0)
        talk = Talk(profile.dialect)
        talk.observe(Observation(View(Box(0, 0, 56, 56), Size(56, 56)), "What colour?", begins=True))
        assert engine.reply([talk])[0].text == "<answer>red</answer>"
        engine.close()
    assert socks.went == [("model.example", 80)]


@pytest.mark.parametrize("proxy", ["socks9://127.0.0.1:1", "http://127.0.0.1:port"])
def test_a_proxy_that_is_none_is_named(hub, monkeypatch, proxy, checkpoint):
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ModelError, match="proxy that is set on this machine can't be used") as refused:
        store.download(ID)
    assert "ALL_PROXY" in refused.value.hint


def test_a_missing_package_is_told_in_the_words_of_who_misses_it(hub, tmp_path, root):
    """httpx's error for a SOCKS proxy without socksio has no module's name: "lacks None" would help nobody."""
    (tmp_path / "socksio.py").write_text("raise ImportError('hidden')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from zoomearth.backend.cli.main import main; sys.exit(main(sys.argv[1:]))"
    environment = {**os.environ, "ALL_PROXY": "socks5://127.0.0.1:1", "PYTHONPATH": ""}
    command = [sys.executable, "-c", code, "models", "download", ID]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=root)
    assert done.returncode == 2
    assert "None" not in done.stderr
    assert "socksio" in done.stderr


def test_the_help_names_every_variable_that_is_read(capsys):
    from zoomearth.backend.cli.main import main

    with pytest.raises(SystemExit):
        main(["models", "--help"])
    text = capsys.readouterr().out
    for name in ("HF_ENDPOINT", "HF_TOKEN", "hf auth login", "HF_HOME", "HF_HUB_OFFLINE", "HTTPS_PROXY", "socks5://", "ZOOMEARTH_HOME"):
        assert name in text
