"""Find servers: looks for model servers on this computer when it is clicked, and offers the models that may take pictures."""

from __future__ import annotations

from typing import Any, List, Tuple

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ...core import servers
from ...core.servers import Server
from ..i18n import tr
from ..install.remove import BackgroundCall
from ..panel.widgets import Verdict, named

PREFIX = "zoomearth_options_"


class ServerFinder(QWidget):
    """chosen: address and model that a person has picked among those that were found."""

    chosen = pyqtSignal(str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        about = tr("Looks for Ollama, LM Studio, vLLM, SGLang and llama.cpp on this computer, at the ports that they usually have")
        self._find = named(QPushButton(tr("Find servers")), PREFIX + "find_servers", about)
        self._find.clicked.connect(self._look)
        self._found = named(QComboBox(), PREFIX + "found", tr("Models that were found. Choose one to use it."))
        self._found.activated.connect(self._choose)
        self._result = Verdict(PREFIX + "found_result", tr("What was found"))
        row = QHBoxLayout()
        row.addWidget(self._find)
        row.addWidget(self._found, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self._result)
        self._found.hide()
        self._result.hide()

    def _look(self) -> None:
        self._find.setEnabled(False)
        self._result.show()
        self._result.say(tr("Looking ..."))
        usual = servers.USUAL
        search = BackgroundCall(lambda: servers.find(usual))
        search.done.connect(self._show)
        search.start()

    def _show(self, found: Any) -> None:
        """found: a list of servers, or the OSError that ended the search."""
        self._find.setEnabled(True)
        self._found.clear()
        usable, blind, locked = _sorted([] if isinstance(found, OSError) else found)
        for server, name, sees in usable:
            text = tr("{model} on {server}") if sees else tr("{model} on {server} (does not say whether it takes pictures)")
            self._found.addItem(text.format(model=name, server=server.name), (server.url, name))
        self._found.setCurrentIndex(-1)  # choosing the first one is a choice too
        self._found.setVisible(bool(usable))
        words = []
        if usable:
            several = tr("{count} models found: choose one.").format(count=len(usable))
            words.append(several if len(usable) > 1 else tr("1 model found: choose it."))
        elif not blind and not locked:
            ports = ", ".join(f"{name} {port}" for port, name in servers.USUAL)
            words.append(tr("No server answers on this computer (ports: {ports}).").format(ports=ports))
        if blind:
            words.append(tr("These take no pictures: {models}.").format(models=", ".join(blind)))
        for server in locked:
            words.append(
                tr("{server} at {url} asks for a key: enter its address and key below.").format(server=server.name, url=server.url)
            )
        self._result.tell(bool(usable), " ".join(words))

    def _choose(self, index: int) -> None:
        url, model = self._found.itemData(index)
        self.chosen.emit(url, model)
        self._result.tell(True, tr("Chosen. Click Test below to try it."))


def _sorted(found: List[Server]) -> Tuple[List[Tuple[Server, str, bool]], List[str], List[Server]]:
    """Models that take pictures or may, those that take them first; names of those that do not; servers that ask for a key."""
    usable = [(server, model.name, bool(model.vision)) for server in found for model in server.models if model.vision is not False]
    blind = [model.name for server in found for model in server.models if model.vision is False]
    return sorted(usable, key=lambda each: not each[2]), blind, [server for server in found if server.needs_key]
