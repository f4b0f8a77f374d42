"""Exchanges as the panel stores them, made by the backend's worker with a scripted engine, in this process without torch."""

from __future__ import annotations

import io
from pathlib import Path

from zoomearth.backend.server.events import Outbox
from zoomearth.backend.server.queue import Jobs
from zoomearth.backend.server.worker import Worker
from zoomearth.core.protocol import read_event
from zoomearth.core.requests import Ask, Load
from zoomearth.core.source import SceneSource
from zoomearth.core.wire import LineReader
from zoomearth.plugin.exchanges.exchange import Exchange

ZOOM = '<think>It lies in the north.</think>[{"bbox_2d": [100, 60, 260, 180], "label": "northern harbour"}]'
DEEPER = '<think>Two quays; the outer one.</think>[{"bbox_2d": [40, 60, 200, 190], "label": "outer quay"}]'
ANSWER = "<think>Three hulls lie side by side.</think><answer>3 ships</answer>"


def asked(scene: Path, question: str, *replies: str, crs: str = "", layer: str = "", **policy) -> Exchange:
    """The exchange of a model that writes these replies."""
    wire = io.BytesIO()
    outbox = Outbox(wire)
    worker = Worker(Jobs(outbox), outbox)
    worker.run(Load(replies=replies, id=1))
    worker.run(Ask(SceneSource(str(scene)), question, policy=policy or None, id=2))
    if worker.scene:
        worker.scene.close()  # a GDAL dataset that outlives QGIS crashes Python at its end
    exchange = Exchange(question, source=str(scene), layer=layer or Path(scene).stem, crs=crs, scope="whole layer")
    for event in map(read_event, LineReader().feed(wire.getvalue())):
        if event.id == 2:
            exchange.hear(event)
    return exchange
