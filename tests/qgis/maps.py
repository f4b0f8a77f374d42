"""A layer drawn as on QGIS's map."""

from qgis.core import QgsExpressionContext, QgsExpressionContextUtils, QgsMapRendererSequentialJob, QgsMapSettings


def drawn(layer, extent, size, ground=None):
    """The finished job, which has the picture and the labels. ground: the colour below, None for QGIS's own."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(extent)
    settings.setOutputSize(size)
    if ground is not None:
        settings.setBackgroundColor(ground)
    context = QgsExpressionContext()
    context.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(context)
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    return job
