"""The provider `zoomearth` of QGIS's Processing framework."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ...core.paths import RESOURCES
from ...core.tools import TOOLS
from .ask import Ask
from .askbyfeature import AskByFeature
from .askmany import AskMany
from .survey import FindAll
from .tool import ToolAlgorithm

ICON = RESOURCES / "icons" / "zoomearth.svg"


class Provider(QgsProcessingProvider):
    """The plugin adds it to QgsApplication.processingRegistry() in initProcessing(), and removes it in unload()."""

    def id(self) -> str:
        return "zoomearth"

    def name(self) -> str:
        return "ZoomEarth"

    def icon(self) -> QIcon:
        return QIcon(str(ICON))

    def svgIconPath(self) -> str:
        return str(ICON)

    def supportedOutputRasterLayerExtensions(self) -> list[str]:
        return ["tif", "vrt"]

    def loadAlgorithms(self) -> None:
        for algorithm in (Ask(), AskByFeature(), AskMany(), FindAll(), *map(ToolAlgorithm, TOOLS.values())):
            self.addAlgorithm(algorithm)
