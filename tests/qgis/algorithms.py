"""Algorithms run in this thread, for the tests of Processing."""

from qgis.core import NULL, QgsApplication, QgsProcessingContext, QgsProcessingFeedback, QgsProject, QgsRectangle, QgsVectorLayer


class Feedback(QgsProcessingFeedback):
    """Records all messages."""

    def __init__(self):
        super().__init__(False)
        self.told, self.shares = [], []
        self.progressChanged.connect(self.shares.append)

    def pushInfo(self, text):
        self.told.append(text)

    def pushWarning(self, text):
        self.told.append("warning: " + text)

    def reportError(self, text, fatalError=False):
        self.told.append("error: " + text)


class Run:
    """Runs an algorithm in this thread: its results, whether it succeeded, its messages."""

    def __init__(self, name, feedback=None, **parameters):
        self.feedback, self.context = feedback or Feedback(), QgsProcessingContext()
        self.context.setProject(QgsProject.instance())
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"zoomearth:{name}")
        self.results, self.good = algorithm.run(parameters, self.context, self.feedback)

    def layer(self, name="OUTPUT"):
        return self.context.getMapLayer(self.results[name]) or QgsVectorLayer(self.results[name])

    def rows(self, name="OUTPUT"):
        """Attributes by name; the geometry under ""."""
        layer = self.layer(name)
        names = layer.fields().names()
        rows = [dict(zip(names, feature.attributes())) | {"": feature.geometry()} for feature in layer.getFeatures()]
        return [{name: None if value == NULL else value for name, value in row.items()} for row in rows]


def map_box(layer, left, top, right, bottom):
    """Pixels of a north-up layer as a rectangle in its CRS."""
    x, y = layer.extent().xMinimum(), layer.extent().yMaximum()
    pixel = layer.rasterUnitsPerPixelX()
    return QgsRectangle(x + left * pixel, y - bottom * pixel, x + right * pixel, y - top * pixel)
