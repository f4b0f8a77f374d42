"""Questions to the user before a project, the plugin or QGIS closes, while questions wait or answers are not in the results file."""

from __future__ import annotations

from typing import Callable, Optional

from qgis.core import QgsProject
from qgis.gui import QgsApplicationExitBlockerInterface
from qgis.PyQt.QtCore import QEventLoop, QObject
from qgis.PyQt.QtWidgets import QProgressDialog, QWidget

from ..exchanges.session import Session
from ..i18n import tr


class Leaving(QObject):
    """confirm: asks the user a yes-or-no question; save: lets the user choose another results file."""

    def __init__(self, session: Session, confirm: Callable[[str], bool], save: Callable[[], None], window: QWidget) -> None:
        super().__init__(window)
        self._session, self._confirm, self._save, self._window = session, confirm, save, window
        self._confirmed = False  # whether the user has confirmed that QGIS may close
        QgsProject.instance().removeAll.connect(self.leave)  # emitted before the layers are removed

    def close(self) -> None:
        """Disconnects from the project."""
        QgsProject.instance().removeAll.disconnect(self.leave)

    def leave(self) -> None:
        """Called before the project closes, which can't be stopped: where the user keeps the questions, it waits for the answers."""
        session = self._session
        if session.open_questions and not self._confirmed and not self._confirm(_waiting(session.open_questions)):
            self._answer()
        session.results.finish()
        if (trouble := _unwritten_question(session)) and not self._confirmed and not self._confirm(trouble):
            self._save()
            session.results.finish()
        session.forget_removed()

    def may_close(self) -> bool:
        """Whether QGIS may close. If so, the waiting questions have been discarded."""
        session = self._session
        if session.open_questions and not self._confirm(_waiting(session.open_questions)):
            return False
        session.cancel()
        session.results.finish()
        trouble = _unwritten_question(session)
        self._confirmed = not trouble or self._confirm(trouble)
        return self._confirmed

    def _answer(self) -> None:
        """Waits until all questions are answered, or the user discards the rest."""
        session, loop = self._session, QEventLoop()
        count = session.open_questions
        dialog = QProgressDialog(tr("Answering the waiting questions…"), tr("Discard them"), 0, count, self._window)
        dialog.setObjectName("zoomearth_answering")
        dialog.setWindowTitle("ZoomEarth")
        dialog.setMinimumDuration(0)
        dialog.setAutoClose(False)

        def step() -> None:
            dialog.setValue(count - session.open_questions)
            if not session.busy:
                loop.quit()

        session.finished.connect(step)
        dialog.canceled.connect(session.cancel)
        dialog.show()
        if session.busy:
            loop.exec()
        session.finished.disconnect(step)
        dialog.deleteLater()


class ExitBlocker(QgsApplicationExitBlockerInterface):
    """Asks before QGIS closes."""

    def __init__(self, may_close: Callable[[], bool]) -> None:
        super().__init__()
        self._may_close = may_close

    def allowExit(self) -> bool:
        return self._may_close()


def _waiting(count: int) -> str:
    one, several = tr("One question is waiting. Discard it?"), tr("{count} questions are waiting. Discard them?").format(count=count)
    return one if count == 1 else several


def _unwritten_question(session: Session) -> Optional[str]:
    """The question about answers that are not in the results file; None where all are."""
    writer = session.results.writer
    if writer is None or not writer.unwritten:
        return None
    ending = tr("Close anyway?") if writer.safe else tr("They will be lost. Close anyway?")
    return f"{session.results.trouble} {ending}"
