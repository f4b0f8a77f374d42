"""The choice of the type of the answer: any text, yes or no, one of a list, a number."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from ...core.answer_type import AnswerType
from ...core.errors import SceneError
from ..answer_types import chosen_type, is_list, type_labels
from ..i18n import tr
from .widgets import named


class AnswerKind(QWidget):
    """A list of types, and a line for the choices where they are needed."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        about = tr("What the answer must be. The model is told so, and an answer that does not fit is unreadable.")
        self.kind = named(QComboBox(), "zoomearth_answer_type", about)
        self.kind.addItems(type_labels())
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.setMinimumContentsLength(4)
        self.choices = named(QLineEdit(), "zoomearth_choices", tr("List of answers, separated by commas"))
        self.choices.setPlaceholderText(tr("residential, industrial, farmland"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.kind)
        column.addWidget(self.choices)
        self.kind.currentIndexChanged.connect(self._follow)
        self._follow(self.kind.currentIndex())

    def chosen(self) -> Optional[AnswerType]:
        """None for any text. Raises SceneError where the list can't be used."""
        try:
            return chosen_type(self.kind.currentIndex(), self.choices.text())
        except ValueError as error:
            raise SceneError(
                tr("The list of answers can't be used: {reason}").format(reason=error), tr("For example: yes, no, unsure")
            ) from None

    def _follow(self, at: int) -> None:
        self.choices.setVisible(is_list(at))
