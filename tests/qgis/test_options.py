"""The options page and the set-up dialog, used through the names of their widgets like by a script or a screen reader."""

import contextlib
import json
import os
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hub import REPO, WEIGHTS, Hub
from package_index import make_wheel
from qgis.core import QgsApplication
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget

from zoomearth.core.catalogue import catalogue
from zoomearth.core.memory import Memory
from zoomearth.core.settings import Settings, data_folder
from zoomearth.plugin.child.command import descendants
from zoomearth.plugin.install.diagnostics import diagnostics, scrub
from zoomearth.plugin.install.dialog import SetupDialog
from zoomearth.plugin.install.environment import MARKER, Environment
from zoomearth.plugin.options.page import OptionsFactory
from zoomearth.plugin.settings import choose_python, load_settings, save_settings

ENOUGH = 60_000  # milliseconds
BIG = 4_000_000


class Page:
    """The page in a window."""

    def __init__(self, factory, qtbot):
        self.window = QWidget()
        self.widget = factory.createWidget(self.window)
        self.window.show()
        self.qtbot = qtbot
        qtbot.addWidget(self.window)

    def find(self, name):
        result = self.widget.findChild(QWidget, f"zoomearth_options_{name}")
        assert result is not None, name
        return result

    def pick(self, name, data):
        box = self.find(name)
        assert box.findData(data) >= 0
        box.setCurrentIndex(box.findData(data))

    def click(self, name):
        button = self.find(name)
        assert button.isVisible()
        assert button.isEnabled()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def says(self, name, pattern, timeout=ENOUGH):
        self.qtbot.waitUntil(lambda: re.search(pattern, self.find(name).text()) is not None, timeout=timeout)


@pytest.fixture
def factory(qgis_app):
    factory = OptionsFactory()
    yield factory
    factory.close()


@pytest.fixture
def page(factory, qtbot):
    return Page(factory, qtbot)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Has files of the names and size of a model's; none of them is ever loaded."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / WEIGHTS).write_bytes(os.urandom(BIG))
    server = Hub(folder)
    server.held = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield server
    server.going_on.set()
    server.shutdown()
    server.server_close()


def test_what_is_picked_is_saved_on_ok_and_not_before(page, factory, qtbot):
    page.pick("model", "qwen2.5-vl-7b")
    page.pick("device", "cuda")
    page.pick("quantize", "int8")
    assert load_settings() == Settings()
    page.widget.apply()
    assert load_settings() == Settings(model="qwen2.5-vl-7b", device="cuda", quantize="int8")
    again = Page(factory, qtbot)
    assert again.find("model").currentData() == "qwen2.5-vl-7b"
    assert again.find("device").currentData() == "cuda"


def test_a_server_is_saved_with_its_model_and_how_to_ask_it(page, factory, qtbot):
    page.pick("model", "a server")
    assert not page.find("device").isEnabled()
    page.find("remote").setText(" http://localhost:8000/v1 ")
    page.find("remote_model").setText("Qwen/Qwen2.5-VL-7B-Instruct")
    page.pick("asked_as", "zoomearth-3b")
    page.widget.apply()
    asked = Settings(asked_as="zoomearth-3b", remote="http://localhost:8000/v1", remote_model="Qwen/Qwen2.5-VL-7B-Instruct")
    assert load_settings() == asked
    again = Page(factory, qtbot)
    assert (again.find("remote").text(), again.find("asked_as").currentData()) == (asked.remote, "zoomearth-3b")


def test_how_a_server_s_model_was_asked_by_earlier_versions_is_kept(factory, qtbot):
    """They stored it as the model."""
    save_settings(Settings(model="zoomearth-3b", remote="http://localhost:8000/v1"))
    page = Page(factory, qtbot)
    assert page.find("asked_as").currentData() == "zoomearth-3b"
    page.widget.apply()
    assert load_settings() == Settings(asked_as="zoomearth-3b", remote="http://localhost:8000/v1")


def test_a_folder_of_one_s_own_is_saved(page, factory, qtbot, tmp_path):
    page.pick("model", "a folder")
    page.find("folder").setFilePath(str(tmp_path))
    page.pick("asked_as", "qwen3-vl-4b")
    page.widget.apply()
    assert load_settings() == Settings(model=str(tmp_path), asked_as="qwen3-vl-4b")
    again = Page(factory, qtbot)
    assert (again.find("folder").filePath(), again.find("asked_as").currentData()) == (str(tmp_path), "qwen3-vl-4b")
    again.pick("model", "qwen3-vl-4b")  # a listed model is asked in its own way
    assert not again.find("asked_as").isVisible()
    again.widget.apply()
    assert load_settings() == Settings(model="qwen3-vl-4b")


GB = 1 << 30
LAPTOP = [Memory("cpu", 16 * GB, 11 * GB)]
WORKSTATION = [Memory("cuda", 24 * GB, 5 * GB, "NVIDIA RTX 4090"), Memory("cpu", 64 * GB, 50 * GB)]


@pytest.mark.parametrize(
    ("places", "best", "picked", "runs"),
    [
        (LAPTOP, "qwen3-vl-4b", "qwen3-vl-4b", r"Runs on the processor, slowly: needs 10\.\d GB of 17\.2 GB memory\.$"),
        (LAPTOP, "qwen3-vl-4b", "qwen3.8-27b", r"Too large for this computer: needs \d+\.\d GB of memory, 17\.2 GB are there"),
        (WORKSTATION, "qwen3-vl-8b", "qwen3-vl-8b", r"Runs on the graphics card: .* At the moment only 5\.4 GB are free"),
        (WORKSTATION, "qwen3-vl-8b", "qwen3.5-9b", "Runs on the graphics card"),
    ],
)
def test_the_list_says_what_fits_the_computer_and_what_to_begin_with(factory, qtbot, monkeypatch, places, best, picked, runs):
    monkeypatch.setattr("zoomearth.core.catalogue.places", lambda: places)
    page = Page(factory, qtbot)
    choice = page.find("model")
    qtbot.waitUntil(lambda: "recommended" in choice.itemText(choice.findData(best)), timeout=5000)
    assert sum("recommended" in choice.itemText(index) for index in range(choice.count())) == 1
    page.pick("model", picked)
    page.says("model_runs", runs, 1000)
    assert ("too large" in choice.currentText()) == runs.startswith("Too large")


def test_the_licence_is_said_in_plain_words(page):
    for model, words in (
        ("qwen3-vl-4b", "Commercial use: yes"),
        ("zoomearth-3b", "Commercial use: no"),
        ("gemma-4-e4b", "Commercial use: yes"),
        ("qwen3.8-27b", "read the licence"),
    ):
        page.pick("model", model)
        page.says("model_about", words, 1000)


def test_the_real_computer_is_looked_at(page, qtbot):
    page.pick("model", "qwen3-vl-2b")
    page.says("model_runs", "GB")


def test_a_server_is_found_and_used_in_two_clicks(page, monkeypatch, qtbot):
    with ollama() as port:
        monkeypatch.setattr("zoomearth.core.servers.USUAL", ((port, "Ollama"),))
        page.pick("model", "a server")
        assert not page.find("found").isVisible()
        page.click("find_servers")
        page.says("found_result", "1 model found: choose it. These take no pictures: llama3:8b")
    found = page.find("found")
    assert found.itemText(0) == "qwen3-vl:8b on Ollama"
    found.setFocus()
    qtbot.keyClick(found, Qt.Key.Key_Down)
    assert page.widget.settings() == Settings(remote=f"http://127.0.0.1:{port}/v1", remote_model="qwen3-vl:8b")


def test_no_server_is_looked_for_before_it_is_asked_for_and_none_is_said(page, monkeypatch):
    asked = []
    monkeypatch.setattr("zoomearth.core.servers.find", lambda usual: asked.append(usual) or [])
    page.pick("model", "a server")
    assert asked == []
    page.click("find_servers")
    page.says("found_result", r"No server answers on this computer \(ports: Ollama 11434, LM Studio 1234, ")
    assert not page.find("found").isVisible()


@contextlib.contextmanager
def ollama():
    """The port of a server that answers as Ollama does, with a model that sees and one that does not."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            self.answer({"data": [{"id": name, "owned_by": "library"} for name in ("llama3:8b", "qwen3-vl:8b")]})

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"]
            self.answer({"capabilities": ["completion", "vision"] if asked == "qwen3-vl:8b" else ["completion"]})

        def answer(self, content):
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_every_setting_is_on_the_page_and_every_control_has_a_name_and_a_voice(page):
    assert {"model", "remote", "remote_model", "asked_as", "dialect", "device", "dtype", "quantize", "prompt_file"} == set(
        Settings.__dataclass_fields__
    )
    for name in Settings.__dataclass_fields__:
        assert page.find(name).toolTip()
    dialog = SetupDialog(page.window)
    for root, prefix in ((page.widget, "zoomearth_options_"), (dialog, "zoomearth_setup_")):
        for kind in (QComboBox, QPushButton, QLineEdit):
            for widget in root.findChildren(kind):
                if widget.objectName().startswith(prefix):
                    assert widget.accessibleName()
                    assert widget.toolTip()
                else:  # a part of one of QGIS's own widgets
                    assert re.match("Qgs|Q[A-Z]", type(widget.parent()).__name__)
                    assert type(widget.parent()) is not QWidget


def test_the_test_button_asks_the_demo_question_of_the_real_model(page, python):
    page.find("python").setFilePath(python)
    page.click("test")
    page.says("verdict", "The test works\\. .* Answer: 4 \\(correct: 4\\)")
    assert load_settings() == Settings()
    page.qtbot.waitUntil(lambda: not descendants(os.getpid()), timeout=5000)


def test_the_test_of_a_server_says_how_its_model_counts_boxes(page, python, root):
    ways = '{"unit": "thousandths", "listed": "Qwen2.5-VL-7B", "answer": "4"}'
    server = subprocess.Popen([python, str(root / "tests" / "marking.py"), ways], stdout=subprocess.PIPE, text=True)
    try:
        page.find("python").setFilePath(python)
        page.pick("model", "a server")
        page.find("remote").setText(server.stdout.readline().strip())
        page.click("test")
        page.says("verdict", "Answer: 4 .* Qwen2.5-VL-7B counts boxes in thousandths of the last picture, x first, and they are read so")
    finally:
        server.kill()
        server.wait()


def test_the_test_says_what_is_missing(page, python, tmp_path):
    page.click("test")
    page.says("verdict", "not set up yet", 1000)
    page.find("python").setFilePath(python)
    page.pick("model", "a server")
    page.click("test")
    page.says("verdict", "address of the server first", 1000)
    page.pick("model", "zoomearth-3b")
    page.click("test")
    page.says("verdict", "has not been downloaded")
    page.pick("model", "a folder")
    page.find("folder").setFilePath(str(tmp_path))
    page.click("test")
    page.says("verdict", str(tmp_path))


EDITS = {
    "another model": lambda page: page.pick("model", "zoomearth-demo"),
    "the server's address": lambda page: page.find("remote").setText("http://localhost:1/v1"),
    "the server's model": lambda page: page.find("remote_model").setText("a model"),
    "how it is asked": lambda page: page.pick("asked_as", "zoomearth-3b"),
    "the prompt": lambda page: page.find("prompt_file").setFilePath("prompt.txt"),
    "the device": lambda page: page.pick("device", "cuda"),
    "the number format": lambda page: page.pick("dtype", "float32"),
    "the interpreter": lambda page: page.find("python").setFilePath("another"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_a_test_has_shown_is_gone_once_something_else_is_chosen(page, python, edit):
    page.find("python").setFilePath(python)
    page.pick("model", "a server")
    page.click("test")
    page.says("verdict", "address of the server first", 1000)
    EDITS[edit](page)
    assert page.find("verdict").text() == ""


def test_a_test_of_settings_that_are_changed_stops(page, python):
    page.find("python").setFilePath(python)
    page.click("test")
    page.qtbot.waitUntil(lambda: bool(descendants(os.getpid())), timeout=5000)
    page.pick("device", "cuda")
    assert (page.find("test").text(), page.find("verdict").text()) == ("Test", "")
    page.qtbot.waitUntil(lambda: not descendants(os.getpid()), timeout=5000)


def test_a_test_can_be_stopped_and_ends_with_the_page(page, python):
    page.find("python").setFilePath(python)
    for stop in (lambda: page.click("test"), page.window.close):
        page.click("test")
        page.qtbot.waitUntil(lambda: bool(descendants(os.getpid())), timeout=5000)
        stop()
        assert not descendants(os.getpid())


def test_a_model_s_download_is_shown_stopped_and_gone_on_with(page, python, hub, qtbot):
    page.find("python").setFilePath(python)
    page.pick("model", "zoomearth-3b")
    page.says("model_state", "7.5 GB to download", 1000)
    page.click("download")
    page.says("model_state", r"MB of 7\.5 GB")
    models = data_folder() / "models"
    part = models / "zoomearth-3b.part" / WEIGHTS
    qtbot.waitUntil(lambda: part.exists() and part.stat().st_size > BIG // 4, timeout=5000)
    assert page.find("progress").isVisible()
    assert any("zoomearth-3b" in task.description() for task in QgsApplication.taskManager().activeTasks())
    page.click("download")
    page.says("model_state", "Stopped", 1000)
    assert not descendants(os.getpid())
    assert not catalogue()["zoomearth-3b"].here

    hub.going_on.set()
    hub.ranges.clear()
    page.click("download")
    page.says("model_state", "Downloaded to this computer")
    (start,) = (start for name, start in hub.ranges if name == WEIGHTS)
    assert start > BIG // 4
    assert not page.find("download").isVisible()
    assert REPO in (models / "zoomearth-3b" / "download.json").read_text()


def test_a_download_outlives_the_page_and_is_cancelled_from_the_status_bar(page, factory, python, hub, qtbot):
    page.find("python").setFilePath(python)
    page.pick("model", "zoomearth-3b")
    page.click("download")
    page.says("model_state", "MB of")
    page.window.close()
    again = Page(factory, qtbot)
    again.pick("model", "zoomearth-3b")
    assert again.find("progress").isVisible()
    (task,) = (task for task in QgsApplication.taskManager().activeTasks() if "zoomearth-3b" in task.description())
    task.cancel()
    again.says("model_state", "Stopped", 5000)
    assert not descendants(os.getpid())


def test_a_download_that_fails_says_why(page, python, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    page.find("python").setFilePath(python)
    page.pick("model", "zoomearth-3b")
    page.click("download")
    page.says("model_state", "HF_HUB_OFFLINE forbids it")


def test_the_environment_is_shown_and_removed(page, qtbot):
    environment = Environment()
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    (environment.folder / MARKER).write_text(json.dumps({"python": "x", "device": "cpu", "bytes": 1_460_000_000}))
    again = Page(OptionsFactory(), qtbot)
    again.says("environment", r"Set up for CPU, 1\.5 GB", 1000)
    assert not again.find("install").isVisible()
    again.widget.environment.remove()
    again.says("environment", "Not set up yet")
    assert not environment.folder.exists()
    assert again.find("install").isVisible()


def test_the_options_may_be_closed_while_the_environment_is_removed(qtbot):
    """A thread that is deleted while it runs would crash QGIS."""
    environment = Environment()
    environment.python.parent.mkdir(parents=True)
    for number in range(3000):
        (environment.folder / str(number)).touch()
    page = OptionsFactory().createWidget(None)
    page.environment.remove()
    sip.delete(page)
    qtbot.waitUntil(lambda: not any(environment.folder.parent.glob("env-*")))


@pytest.fixture
def dialog(tmp_path, qtbot):
    """For one small package, which a folder has."""
    requirements = tmp_path / "backend.txt"
    requirements.write_text("zoomearth_quick")
    folder = tmp_path / "packages"
    folder.mkdir()
    file, content = make_wheel("zoomearth_quick")
    (folder / file).write_bytes(content)
    dialog = SetupDialog(environment=Environment(requirements, ("-c", "import zoomearth_quick")))
    dialog.packages = folder
    dialog.show()
    yield dialog
    if not sip.isdeleted(dialog):
        dialog.reject()


def shown(dialog, name):
    return dialog.findChild(QWidget, f"zoomearth_setup_{name}")


def test_the_dialog_tells_size_and_place_before_anything_is_fetched(dialog):
    assert "350 MB" in shown(dialog, "download").text()
    assert "1.5 GB" in shown(dialog, "disk").text()
    assert shown(dialog, "folder").text() == str(dialog.environment.folder)
    before = shown(dialog, "download").text()
    shown(dialog, "device").setCurrentIndex(shown(dialog, "device").findData("cuda"))
    assert shown(dialog, "download").text() != before
    assert not dialog.environment.folder.parent.exists()


def test_the_dialog_sets_up_and_is_accepted(dialog, qtbot):
    shown(dialog, "packages").setFilePath(str(dialog.packages))
    with qtbot.waitSignal(dialog.accepted, timeout=ENOUGH):
        qtbot.mouseClick(shown(dialog, "start"), Qt.MouseButton.LeftButton)
        assert shown(dialog, "progress").isVisible()
    assert dialog.environment.facts


def test_the_dialog_says_what_went_wrong_and_tries_again(dialog, qtbot):
    (wheel,) = dialog.packages.iterdir()
    elsewhere = wheel.rename(wheel.parent.parent / wheel.name)
    shown(dialog, "packages").setFilePath(str(dialog.packages))
    qtbot.mouseClick(shown(dialog, "start"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shown(dialog, "what").isVisible(), timeout=ENOUGH)
    assert "not available" in shown(dialog, "what").text()
    assert shown(dialog, "remedy").text()
    qtbot.mouseClick(shown(dialog, "copy"), Qt.MouseButton.LeftButton)
    assert "No matching distribution" in QgsApplication.clipboard().text()
    elsewhere.rename(wheel)
    with qtbot.waitSignal(dialog.accepted, timeout=ENOUGH):
        qtbot.mouseClick(shown(dialog, "start"), Qt.MouseButton.LeftButton)


def test_stopped_the_dialog_asks_again_and_closed_it_leaves_no_process(dialog, qtbot):
    shown(dialog, "packages").setFilePath(str(dialog.packages))
    qtbot.mouseClick(shown(dialog, "start"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(descendants(os.getpid())), timeout=5000)
    qtbot.mouseClick(shown(dialog, "close"), Qt.MouseButton.LeftButton)
    assert not descendants(os.getpid())
    assert "kept" in shown(dialog, "note").text()
    qtbot.mouseClick(shown(dialog, "start"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(dialog.rejected, timeout=5000):
        dialog.close()
    assert not descendants(os.getpid())


SECRET = [
    "http://me:hunter2@proxy.example:3128/simple",
    "Authorization: Bearer sk-proj-hunter2hunter2",
    "authorization=Basic aHVudGVyMjpodW50ZXIy",
    "HF_TOKEN=hf_hunter2hunter2",
    '{"api_key": "hunter2-hunter2"}',
    "password: hunter2, user: x",
    "https://example.org/v1?token=hunter2&x=1",
]


@pytest.mark.parametrize("line", SECRET)
def test_no_key_and_no_password_is_in_the_diagnostics(line):
    assert not re.search("hunter2|aHVudGVy", diagnostics([line]))
    assert "***" in scrub(line)


def test_diagnostics_hold_what_a_report_needs_and_not_where_the_user_lives(monkeypatch):
    save_settings(Settings(model=str(Path.home() / "models" / "mine"), remote="https://me:hunter2@example.org/v1"))
    choose_python(str(Path.home() / "env" / "bin" / "python"))
    text = diagnostics([f"error in {Path.home()}/secret/folder", "C:\\Users\\Jane Doe\\x", "/home/jane/y"])
    assert "QGIS 3" in text or "QGIS 4" in text
    assert "~/models/mine" in text
    assert "~/secret/folder" in text
    for private in (f"{Path.home()}/", "Jane", "jane", "hunter2"):
        assert private not in text
    assert scrub("nothing to hide: 3.11, /usr/lib/python3") == "nothing to hide: 3.11, /usr/lib/python3"
