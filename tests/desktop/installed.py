"""Run inside the real QGIS with an empty profile (see release/desktop.py): installs the zip as a user does, and sees the plugin live there.

After an error, DRIVE_OUT/installed.log describes it and the exit code is 1.
"""

import json
import os
from pathlib import Path

import pyplugin_installer
from driving import OUT, log, run
from qgis.core import QgsApplication, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import active_plugins, home_plugin_path, iface, pluginMetadata, plugins, unloadPlugin


def main():
    assert "zoomearth" not in plugins, "the profile is not a fresh one"
    QTimer.singleShot(500, lambda: QApplication.activeModalWidget() and QApplication.activeModalWidget().reject())
    pyplugin_installer.instance().installFromZipFile(os.environ["DRIVE_ZIP"])
    assert "zoomearth" in active_plugins, "it was not activated"
    plugin = plugins["zoomearth"]
    folder = Path(home_plugin_path) / "zoomearth"
    assert folder.is_dir()
    assert not folder.is_symlink()
    assert Path(__import__("zoomearth").__file__).parent == folder
    log("version", pluginMetadata("zoomearth", "version"))
    assert pluginMetadata("zoomearth", "hasProcessingProvider") == "yes"
    provider = QgsApplication.processingRegistry().providerById("zoomearth")
    log("algorithms", sorted(algorithm.name() for algorithm in provider.algorithms()))
    assert provider.algorithms()
    plugin.action.trigger()
    assert plugin.dock.isVisible()
    assert not plugin.action.icon().isNull()
    QTest.qWait(300)
    known = json.loads((folder / "resources" / "scene" / "demo.json").read_text())
    layer = QgsRasterLayer(str(folder / "resources" / "scene" / "demo.tif"), "demo")
    QgsProject.instance().addMapLayer(layer)
    plugin.dock.form.layer.setLayer(layer)
    plugin.dock.question.setPlainText(known["question"])
    ended = []
    plugin.dock.finished.connect(ended.append)
    plugin.dock.toolbar.ask.click()
    for _ in range(600):
        QTest.qWait(100)
        if ended:
            break
    log("asked", known["question"], "->", ended[0]["answer"])
    assert ended[0]["answer"] == known["answer"], ended
    iface.mainWindow().grab().save(str(OUT / "installed.png"))
    unloadPlugin("zoomearth")
    assert QgsApplication.processingRegistry().providerById("zoomearth") is None


run(main)
