"""The choice of the Python that runs the model: the private environment, made and removed here, or one that the user picks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QGroupBox, QHBoxLayout, QMessageBox, QPushButton, QVBoxLayout, QWidget

from ..i18n import size_text, tr
from ..install.dialog import SetupDialog
from ..install.environment import Environment
from ..install.remove import BackgroundCall
from ..panel.widgets import Verdict, named, paragraph
from ..settings import chosen_python

PREFIX = "zoomearth_options_"


class EnvironmentBox(QGroupBox):
    """changed: the Python is another one, or was removed."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(tr("Python environment"), parent)
        self._environment = Environment()
        self._removal: Optional[BackgroundCall] = None
        self._state = Verdict(PREFIX + "environment", tr("Whether the environment is set up"))
        self._where = named(paragraph(), PREFIX + "environment_folder", tr("Folder of the environment"))
        self._where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._install = named(
            QPushButton(tr("Set up ...")),
            PREFIX + "install",
            tr("Shows what will be downloaded and how large it is, and asks before it starts"),
        )
        self._install.clicked.connect(self._set_up)
        self._remove = named(QPushButton(tr("Remove ...")), PREFIX + "remove", tr("Deletes the environment. Downloaded models are kept."))
        self._remove.clicked.connect(self._ask_removal)
        self._python = named(
            QgsFileWidget(),
            PREFIX + "python",
            tr(
                "For experts: the path of a Python program in which PyTorch and the other packages of ZoomEarth are "
                "installed. Empty: the environment above."
            ),
        )
        self._python.setFilePath(chosen_python())
        self._python.lineEdit().setPlaceholderText(tr("the environment above"))
        self._python.fileChanged.connect(lambda: self._follow())
        row = QHBoxLayout()
        row.addWidget(self._state, 1)
        row.addWidget(self._install)
        row.addWidget(self._remove)
        form = QFormLayout()
        form.addRow(tr("Folder"), self._where)
        form.addRow(tr("Other Python"), self._python)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addLayout(form)
        self._show()

    def chosen(self) -> str:
        """The chosen interpreter, or ""."""
        return self._python.filePath().strip()

    def python(self) -> Optional[Path]:
        """The Python that would run the backend if the page were saved now."""
        if chosen := self.chosen():
            return Path(chosen) if Path(chosen).is_file() else None
        return self._environment.python if self._environment.facts else None

    def _follow(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        facts = self._environment.facts
        self._where.setText(str(self._environment.folder))
        self._install.setVisible(facts is None)
        self._remove.setVisible(self._environment.folder.exists())
        for button in (self._install, self._remove):
            button.setEnabled(self._removal is None)
        if self._removal:
            self._state.say(tr("Removing ..."))
        elif self.chosen():
            used = (
                tr("The Python program chosen below is used instead.")
                if self.python()
                else tr("The Python program chosen below does not exist.")
            )
            self._state.tell(self.python() is not None, used)
        elif facts:
            values = {"size": size_text(facts["bytes"]), "device": facts["device"].upper()}
            self._state.tell(True, tr("Set up for {device}, {size}.").format(**values))
        elif self._environment.folder.exists():
            self._state.say(tr("The setup is not finished. It continues where it stopped."))
        else:
            self._state.say(tr("Not set up yet."))

    def _set_up(self) -> None:
        SetupDialog(self).exec()
        self._follow()

    def _ask_removal(self) -> None:
        facts = self._environment.facts or {}
        question = tr("Remove {folder} ({size})? Downloaded models are kept. You can set up the environment again at any time.")
        values = {"folder": self._environment.folder, "size": size_text(facts["bytes"]) if facts else tr("incomplete")}
        yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
        if QMessageBox.question(self, tr("Remove the environment"), question.format(**values), yes | no, no) == yes:
            self.remove()

    def remove(self) -> None:
        """Runs on a thread of its own, because there are tens of thousands of files."""
        self._removal = BackgroundCall(self._environment.remove)
        self._removal.done.connect(self._removed)
        self._removal.start()
        self._follow()

    def _removed(self, problem: Any) -> None:
        self._removal = None
        self._follow()
        if isinstance(problem, OSError):
            self._state.tell(False, tr("The environment can't be removed: {why}.").format(why=problem))
