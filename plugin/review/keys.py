"""Actions by single keys, such as J and K, in a widget and all that is in it; users may choose other keys.

keys = Keys(widget, [Action("next", tr("Next"), "J", repeats=True), Action("yes", tr("Yes"), "Y")])
keys.pressed.connect(...)     # the name of the action: "next", "yes"
keys.text("next")             # "J", as the user's system writes it, for buttons and tooltips
keys.choose("next", "Down")   # another key from now on; "": none
KeysDialog(keys, parent).exec()

A key acts while the focus is in the widget. A text field gets its letters itself, so that a note can be typed. Keys of QGIS's own that are
the same, such as S for snapping, do not act there. A key that is held down acts once, unless its action repeats.
A chosen key is kept in the settings of QGIS as zoomearth/keys/NAME: actions of one name have one key in all windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Optional, cast

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QEvent, QObject, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontMetrics, QKeyEvent, QKeySequence, QResizeEvent
from qgis.PyQt.QtWidgets import QApplication, QDialog, QDialogButtonBox, QFormLayout, QKeySequenceEdit, QSizePolicy, QToolButton, QWidget

from ..i18n import tr
from ..panel.widgets import named, tip

GROUP = "zoomearth/keys/"
SMALLEST = 0.75  # of the usual size of letters, on a narrow button
_PORTABLE, _NATIVE = QKeySequence.SequenceFormat.PortableText, QKeySequence.SequenceFormat.NativeText


@dataclass(frozen=True)
class Action:
    """name: of the setting; title: for users; key: the default, as `QKeySequence` reads it ("J", "Ctrl+Z"), "": none."""

    name: str
    title: str
    key: str
    repeats: bool = False


class Keys(QObject):
    """`pressed` is emitted with the name of the action whose key was pressed."""

    pressed = pyqtSignal(str)

    def __init__(self, widget: QWidget, actions: Iterable[Action]) -> None:
        super().__init__(widget)
        self.actions = {action.name: action for action in actions}
        self._focus: Optional[QObject] = None  # will get a key that is an action's
        widget.installEventFilter(self)

    def key(self, name: str) -> str:
        """The key of an action as `QKeySequence` reads it."""
        return QgsSettings().value(GROUP + name, self.actions[name].key, type=str)

    def text(self, name: str) -> str:
        """The key of an action for users."""
        return QKeySequence(self.key(name)).toString(_NATIVE)

    def choose(self, name: str, key: str) -> None:
        """Takes the key away from another action of this widget that has it."""
        chosen = _portable(key)
        for other in self.actions:
            if chosen and other != name and _portable(self.key(other)) == chosen:
                QgsSettings().setValue(GROUP + other, "")
        QgsSettings().setValue(GROUP + name, chosen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt asks the focused widget and those around it whether they want a key before any shortcut: text fields want theirs. The key then
        comes to the focused widget, such as a table, which would do something else with it."""
        if event.type() == QEvent.Type.ShortcutOverride and self._action(cast(QKeyEvent, event)):
            self._wait_at(QApplication.focusWidget() or watched)
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and watched is self._focus:
            self._wait_at(None)
            action = self._action(cast(QKeyEvent, event))
            if action and (action.repeats or not cast(QKeyEvent, event).isAutoRepeat()):
                self.pressed.emit(action.name)
            return action is not None
        return False

    def _wait_at(self, focus: Optional[QObject]) -> None:
        if self._focus not in (None, self.parent()):
            cast(QObject, self._focus).removeEventFilter(self)
        self._focus = focus
        if focus not in (None, self.parent()):
            cast(QObject, focus).installEventFilter(self)

    def _action(self, event: QKeyEvent) -> Optional[Action]:
        pressed = _pressed(event)
        return next((action for name, action in self.actions.items() if _portable(self.key(name)) == pressed), None) if pressed else None


class KeyButton(QToolButton):
    """A button for an action: a word, and its key below. Where it is narrow its letters get smaller, and then fewer."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self._word, self._key = word, ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_action(self, name: str, keys: Keys) -> None:
        """Writes the key of an action, which the user may have changed."""
        self._key, title = keys.text(name), keys.actions[name].title
        self.setToolTip(tip(f"{title} ({self._key})" if self._key else title))
        self.setAccessibleName(title)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), 2 * QFontMetrics(QApplication.font()).height() + 10)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        font, room = QApplication.font(), self.width() - 6
        usual = font.pointSizeF()
        while QFontMetrics(font).horizontalAdvance(self._word) > room and font.pointSizeF() > SMALLEST * usual:
            font.setPointSizeF(font.pointSizeF() - 0.5)
        self.setFont(font)
        self.setText(f"{QFontMetrics(font).elidedText(self._word, Qt.TextElideMode.ElideRight, room)}\n{self._key}")


class KeysDialog(QDialog):
    """Shows the keys of all actions; a press on another key in a field changes it."""

    def __init__(self, keys: Keys, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._keys = keys
        self.setObjectName("zoomearth_keys")
        self.setWindowTitle(tr("Keys"))
        form = QFormLayout(self)
        self.edits: dict[str, QKeySequenceEdit] = {}
        for name, action in keys.actions.items():
            self.edits[name] = named(QKeySequenceEdit(QKeySequence(keys.key(name))), f"zoomearth_key_{name}", action.title)
            form.addRow(action.title, self.edits[name])
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)

    def accept(self) -> None:
        for name, edit in self.edits.items():
            if (chosen := edit.keySequence().toString(_PORTABLE)) != _portable(self._keys.key(name)):
                self._keys.choose(name, chosen)
        super().accept()


def _portable(key: str) -> str:
    return QKeySequence(key).toString(_PORTABLE)


def _pressed(event: QKeyEvent) -> str:
    """The key with its modifiers as a portable text; "" of a modifier alone. Whether it is on the keypad does not matter."""
    modifier = Qt.KeyboardModifier
    named = (
        (modifier.ControlModifier, "Ctrl+"),
        (modifier.AltModifier, "Alt+"),
        (modifier.ShiftModifier, "Shift+"),
        (modifier.MetaModifier, "Meta+"),
    )
    key = "" if event.key() in (Qt.Key.Key_unknown, 0) else QKeySequence(event.key()).toString(_PORTABLE)
    return _portable("".join(text for each, text in named if event.modifiers() & each) + key) if key else ""
