"""The button with the label file, the name of the annotator, and the keys."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Optional

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog, QInputDialog, QMenu, QToolButton, QWidget

from ...core.errors import DataError
from ...core.labels.export import COCO, LRS_GRO, SFT, WRITERS
from ...core.labels.file import LabelFile
from ...core.labels.merge import Merged, merge
from ..i18n import tr
from ..panel.widgets import ask_file, tool_button
from .project_labels import ProjectLabels


class FileMenu(QMenu):
    """Opens files by itself; what is for the board is a signal."""

    keys_clicked = pyqtSignal()
    templates_clicked = pyqtSignal()
    model_clicked = pyqtSignal()
    thoughts_clicked = pyqtSignal(bool)  # by the model
    moved_clicked = pyqtSignal()
    second_toggled = pyqtSignal(bool)
    check_toggled = pyqtSignal(bool)
    merged = pyqtSignal()
    said = pyqtSignal(str)

    def __init__(self, labels: ProjectLabels, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._labels = labels
        self._entry("new", tr("New label file…"), self._new)
        self._entry("open", tr("Open a label file…"), self._open)
        self._entry("merge", tr("Merge another person's label file…"), self._merge)
        self._entry("annotator", tr("Name of the annotator…"), self._name)
        self._entry("moved", tr("The raster of this question is now the chosen layer"), self.moved_clicked.emit)
        self._entry("export", tr("Export the accepted questions…"), self._export)
        self.second = self.addAction(tr("Second pass: decide what others have decided, without seeing how"))
        self.second.setObjectName("zoomearth_label_second_action")
        self.second.setCheckable(True)
        self.second.toggled.connect(self.second_toggled)
        self.addSeparator()
        self._entry("keys", tr("Keys…"), self.keys_clicked.emit)
        self.addSeparator()
        self._entry("templates", tr("Propose from templates for all boxes without questions"), self.templates_clicked.emit)
        self._entry("model", tr("Propose by the model for all boxes that it was not asked about"), self.model_clicked.emit)
        self._entry(
            "thoughts", tr("Thoughts from the boxes for all accepted questions without any"), lambda: self.thoughts_clicked.emit(False)
        )
        self._entry("think", tr("Thoughts by the model for all accepted questions without any"), lambda: self.thoughts_clicked.emit(True))
        check = self.addAction(tr("The model also answers each candidate, blindly and again, for two more flags"))
        check.setObjectName("zoomearth_label_check_action")
        check.setCheckable(True)
        check.toggled.connect(self.check_toggled)

    def button(self) -> QToolButton:
        """A button that opens the menu."""
        button = tool_button("zoomearth_label_file", tr("The label file, the annotator, and keys"), "/mActionFileOpen.svg")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(self)
        return button

    def _entry(self, name: str, text: str, act: Callable[[], object]) -> None:
        action = self.addAction(text)
        action.setObjectName(f"zoomearth_label_{name}_action")
        action.triggered.connect(lambda: act())

    def _new(self) -> None:
        if path := ask_file(self, tr("New label file"), self._labels.suggested(), ".gpkg"):
            if path.exists():  # a label file may be the work of weeks: it is opened, not replaced
                self.said.emit(tr("{path} exists and was opened.").format(path=path))
            self._labels.open(path, new=True)

    def _open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, tr("Open a label file"), str(self._labels.suggested().parent), "*.gpkg")
        if name:
            self._labels.open(Path(name))

    def _merge(self) -> None:
        if self._labels.store.path is None:
            self.said.emit(tr("No label file is open."))
            return
        name, _ = QFileDialog.getOpenFileName(self, tr("Merge another person's label file"), str(self._labels.store.path.parent), "*.gpkg")
        if name:
            self.merge(Path(name))

    def merge(self, path: Path) -> None:
        """Adds what another file has to the open one, as `zoomearth label merge` does; the other one stays as it is."""

        def act(labels: LabelFile) -> Merged:
            if path.exists() and path.samefile(labels.path):
                raise DataError(tr("{path} is the open file itself.").format(path=path), tr("Choose another person's file."))
            with LabelFile.open(path) as other:
                return merge(labels, other)

        def tell(done: Merged) -> None:
            words = tr("New rows from {file}: {added}; changed: {changed}.") if done.events else tr("{file} has nothing new.")
            if done.conflicts:
                words += " " + tr("Decided differently by both: {count}; see the tab Settle.")
            self.merged.emit()
            self.said.emit(words.format(added=done.added, changed=done.changed, file=path.name, count=len(done.conflicts)))

        self.said.emit(tr("Merging {file}…").format(file=path.name))
        self._labels.store.change(act, tell)

    def _export(self) -> None:
        """In the form that the file dialog's filter names."""
        if self._labels.store.path is None:
            self.said.emit(tr("No label file is open."))
            return
        forms = {
            tr("LRS-GRO's rows (*.jsonl)"): LRS_GRO,
            tr("LRS-GRO's rows with thoughts (*.jsonl)"): SFT,
            tr("COCO's boxes (*.json)"): COCO,
        }
        suggested = self._labels.store.path.with_suffix(".jsonl")
        name, form = QFileDialog.getSaveFileName(self, tr("Export the accepted questions"), str(suggested), ";;".join(forms))
        if name:
            self.export(Path(name), forms.get(form, LRS_GRO))

    def export(self, path: Path, form: str) -> None:
        """form: a key of `WRITERS`."""

        def write(labels: LabelFile) -> tuple[int, int]:
            left: list[tuple[str, str]] = []
            try:
                return WRITERS[form](labels, path, None, left), len(left)
            except OSError as error:
                reason = tr("{path} can't be written: {reason}.").format(path=path, reason=error.strerror)
                raise DataError(reason, tr("Choose another folder, or make room.")) from error

        def written(counts: tuple[int, int]) -> None:
            self.said.emit(tr("{count} written to {path}, {left} left out.").format(count=counts[0], path=path, left=counts[1]))

        self._labels.store.do(write, written)

    def _name(self) -> None:
        question = tr("Your decisions are logged with this name:")
        name, chosen = QInputDialog.getText(self, tr("Annotator"), question, text=self._labels.annotator)
        if chosen and name.strip():
            self._labels.name_annotator(name)
