"""Run inside the real QGIS with an empty profile (see release/desktop.py): installs the zip as a user does, and sees the plugin live there.

After an error, DRIVE_OUT/installed.log describes it and the exit code is 1.
"""

import json
import os
import traceback
from pathlib import Path

import pyplugin_installer
from qgis.core import QgsApplication, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QCoreApplication, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import active_plugins, home_plugin_path, iface, pluginMetadata, plugins, unloadPlugin

OUT = Path(os.environ["DRIVE_OUT"])
LOG = (OUT / "installed.log").open("w", buffering=1)


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
    print("version", pluginMetadata("zoomearth", "version"), file=LOG)
    assert pluginMetadata("zoomearth", "hasProcessingProvider") == "yes"
    provider = QgsApplication.processingRegistry().providerById("zoomearth")
    print("algorithms", sorted(algorithm.name() for algorithm in provider.algorithms()), file=LOG)
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
    print("asked", known["question"], "->", ended[0]["answer"], file=LOG)
    assert ended[0]["answer"] == known["answer"], ended
    iface.mainWindow().grab().save(str(OUT / "installed.png"))
    unloadPlugin("zoomearth")
    assert QgsApplication.processingRegistry().providerById("zoomearth") is None


def go():
    code = 1
    try:
        main()
        code = 0
    except BaseException:
        print(traceback.format_exc(), file=LOG)
        iface.mainWindow().grab().save(str(OUT / "failed.png"))
    QgsProject.instance().clear()
    QTest.qWait(200)
    print("exit code", code, file=LOG)
    QCoreApplication.exit(code)


QTimer.singleShot(0, go)
