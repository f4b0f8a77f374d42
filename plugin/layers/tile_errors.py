"""The replies of a service while QGIS loads the pieces of a snapshot: a piece that fails must not become a hole in the picture."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any
from urllib.parse import unquote, urlsplit

from qgis.core import QgsNetworkAccessManager, QgsNetworkReplyContent, QgsNetworkRequestParameters, QgsProviderRegistry, QgsRasterLayer
from qgis.PyQt.QtCore import QCoreApplication, QObject, QThread, pyqtSignal
from qgis.PyQt.QtNetwork import QNetworkReply, QNetworkRequest

from ...core.errors import SceneError
from ..i18n import tr
from ..log import say

PATIENCE = 2.0  # seconds
ABSENT = (204, 404, 410)  # HTTP status of a tile that does not exist


class Service(QObject):
    """The service of a layer. manager: QGIS's network manager of the creating thread, which also signals the replies to other threads.
    host: the end of the names of its hosts (`{s}.tiles.org` stands for several); "": not known, every host counts.
    """

    _called = pyqtSignal(object)

    def __init__(self, layer: QgsRasterLayer) -> None:
        super().__init__()
        self.name, self.images = layer.name(), layer.providerType() == "wms"
        address = unquote(QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source()).get("url", ""))
        self.host = urlsplit(address).netloc.rpartition("}")[2].rpartition("@")[2].partition(":")[0]
        self.manager = QgsNetworkAccessManager.instance()
        self._called.connect(self._answer)

    def settle(self) -> None:
        """Processes the network manager's queued signals; gives up after PATIENCE, because its thread may wait for the calling one."""
        if QThread.currentThread() is self.thread():
            QCoreApplication.sendPostedEvents(self.manager, 0)
            return
        answered = threading.Event()
        self._called.emit(answered)
        answered.wait(PATIENCE)

    def _answer(self, answered: threading.Event) -> None:
        answered.set()


class Replies:
    """Collects the replies of a service during a `with` block; of a request that is repeated, the last reply counts.

    The calling thread makes the requests; in newer QGIS (observed in 3.40) one thread makes those of all tiles, and the main thread's
    manager signals them. Of these, only replies of the layer's own host count, because the canvas makes requests too.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._begun: set[int] = set()  # ids of requests: the reply to a request of an earlier snapshot may come during the block
        self.wrong: dict[str, str] = {}
        self.absent: set[str] = set()
        self.good = 0

    def __enter__(self) -> Replies:
        managers = QgsNetworkAccessManager.instance(), self._service.manager
        own, shared = (manager.finished[QgsNetworkReplyContent] for manager in managers)
        self._connections: list[tuple[Any, Any]] = [(own, self._count), (shared, self._count_shared)]
        self._connections += [(manager.requestAboutToBeCreated[QgsNetworkRequestParameters], self._begin) for manager in managers]
        for signal, slot in self._connections:
            signal.connect(slot)
        return self

    def __exit__(self, *exc: object) -> None:
        self._service.settle()
        for signal, slot in self._connections:
            signal.disconnect(slot)

    def judge(self, errors: list[str]) -> None:
        """errors: those that the data provider reported. Raises SceneError where a piece is missing."""
        reasons = Counter([*self.wrong.values(), *errors]).most_common(1)
        if reasons:
            count = len(self.wrong) + len(errors)
            one = tr("One part of the layer '{name}' could not be loaded: {reason}.")
            message = tr("{count} parts of the layer '{name}' could not be loaded: {reason}.") if count > 1 else one
            message = message.format(count=count, name=self._service.name, reason=reasons[0][0])
            raise SceneError(
                message,
                tr(
                    "Try again later or with another resolution: a service may offer only some resolutions and may limit the "
                    "amount of data."
                ),
            )
        if self.absent and not self.good:
            message = tr("The layer '{name}' has no data at this place and resolution.").format(name=self._service.name)
            raise SceneError(message, tr("Choose a coarser resolution, or a place where the layer is visible."))
        if self.absent:
            say(f"{self._service.name}: {len(self.absent)} of {len(self.absent) + self.good} tiles do not exist and are left transparent")

    def _begin(self, request: QgsNetworkRequestParameters) -> None:
        self._begun.add(request.requestId())

    def _count_shared(self, reply: QgsNetworkReplyContent) -> None:
        if reply.request().url().host().endswith(self._service.host):
            self._count(reply)

    def _count(self, reply: QgsNetworkReplyContent) -> None:
        if reply.requestId() not in self._begun:
            return
        url = reply.request().url().toString()
        self.wrong.pop(url, None)
        status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
        kind = bytes(reply.rawHeader(b"Content-Type")).decode("latin-1").split(";")[0].strip().lower()
        if status in ABSENT:
            self.absent.add(url)
        elif reply.error() != QNetworkReply.NetworkError.NoError:
            self.wrong[url] = f"HTTP {status}" if status else reply.errorString().strip().rstrip(".")
        elif self._service.images and kind and not kind.startswith(("image/", "application/octet-stream")):
            self.wrong[url] = tr("the server sent {kind} instead of an image").format(kind=kind)
        else:
            self.good += 1
