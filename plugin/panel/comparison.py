"""Two pictures of one place on top of each other: left of a line that the user moves the one before, right of it the one after."""

from __future__ import annotations

from typing import Optional, Sequence

from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from qgis.PyQt.QtWidgets import QAbstractSlider, QSizePolicy, QStyle, QWidget

from ..i18n import tr
from .canvas import CASING
from .widgets import tip

LARGEST = 420  # pixels of the picture's height
HANDLE = 7  # pixels: half of the handle's size


class Comparison(QAbstractSlider):
    """value: the line's place, 0 to 100 % from the left. The arrow keys, Home and End move it, and so do a click and the wheel.

    before, after: PNGs. names: of both; without them "before" and "after".
    """

    def __init__(self, before: bytes, after: bytes, names: Sequence[str] = (), parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("zoomearth_comparison")
        self.show_pictures(before, after)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setRange(0, 100)
        self.setSingleStep(2)
        self.setPageStep(20)
        self.setValue(50)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.set_names(names)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.valueChanged.connect(lambda: self.update())

    def show_pictures(self, before: bytes, after: bytes) -> None:
        """Two other pictures, PNGs."""
        self.before, self.after = QPixmap(), QPixmap()
        self.before.loadFromData(before)
        self.after.loadFromData(after)
        self.updateGeometry()
        self.update()

    def set_names(self, names: Sequence[str]) -> None:
        self._names = (names[0], names[1]) if len(names) == 2 else (tr("before"), tr("after"))
        how = tr("{left} (left) and {right} (right). Drag the line, or use the arrow keys, Home and End.")
        words = how.format(left=self._names[0], right=self._names[1])
        self.setAccessibleName(words)
        self.setToolTip(tip(words))
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        size = self.after.size()
        return min(LARGEST, max(24, round(width * size.height() / max(1, size.width()))))

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(240))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 24)

    def picture_rect(self) -> QRectF:
        """The place of the pictures in the widget."""
        size = QSize(self.after.size())
        size.scale(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF(0, 0, size.width(), size.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        place = self.picture_rect()
        line = place.left() + place.width() * self.value() / 100
        painter.drawPixmap(place, self.after, QRectF(self.after.rect()))
        painter.save()
        painter.setClipRect(QRectF(place.left(), place.top(), line - place.left(), place.height()))
        painter.drawPixmap(place, self.before, QRectF(self.before.rect()))
        painter.restore()
        for color, width in ((CASING, 4.0), ("#ffffff", 2.0)):
            painter.setPen(QPen(QColor(color), width))
            painter.drawLine(QPointF(line, place.top()), QPointF(line, place.bottom()))
        painter.setBrush(QColor("#ffffff"))
        painter.setPen(QPen(QColor(CASING), 1.5))
        painter.drawEllipse(QPointF(line, place.center().y()), HANDLE, HANDLE)
        for words, left in zip(self._names, (True, False)):
            self._write(painter, words, place, left)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRect(place.adjusted(1, 1, -1, -1))

    def _write(self, painter: QPainter, words: str, place: QRectF, left: bool) -> None:
        """A name in a lower corner, cut to its half of the picture."""
        words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, max(0, round(place.width() / 2) - 20))
        width = painter.fontMetrics().horizontalAdvance(words) + 8
        height = painter.fontMetrics().height() + 2
        box = QRectF(place.left() + 3 if left else place.right() - width - 3, place.bottom() - height - 3, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(20, 20, 20, 170))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._move_to(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move_to(event)

    def _move_to(self, event: QMouseEvent) -> None:
        place = self.picture_rect()
        self.setValue(QStyle.sliderValueFromPosition(0, 100, round(event.pos().x() - place.left()), max(1, round(place.width()))))
