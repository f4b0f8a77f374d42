"""What is asked before a project, the plugin or QGIS is closed while questions wait, or answers are not in the results' file."""

from __future__ import annotations

from typing import Callable, Optional

from qgis.core import QgsProject
from qgis.gui import QgsApplicationExitBlockerInterface
from qgis.PyQt.QtCore import QEventLoop, QObject
from qgis.PyQt.QtWidgets import QProgressDialog, QWidget

from ..exchanges.session import Session
from ..i18n import tr


class Leaving(QObject):
    """confirm: asks the user a question with the answers yes and no; save: lets the user choose another file for the results."""

    def __init__(self, session: Session, confirm: Callable[[str], bool], save: Callable[[], None], window: QWidget) -> None:
        super().__init__(window)
        self._session, self._confirm, self._save, self._window = session, confirm, save, window
        self._confirmed = False  # that QGIS may close
        QgsProject.instance().removeAll.connect(self.leave)  # its layers are still there then

    def close(self) -> None:
        """Leaves no connection to the project behind."""
        QgsProject.instance().removeAll.disconnect(self.leave)

    def leave(self) -> None:
        """Before what can't be stopped: whoever does not want to drop the questions waits for their answers."""
        session = self._session
        if session.open_questions and not self._confirmed and not self._confirm(_waiting(session.open_questions)):
            self._answer()
        session.results.finish()
        if (trouble := _unkept(session)) and not self._confirmed and not self._confirm(trouble):
            self._save()
            session.results.finish()

    def may_close(self) -> bool:
        """Before QGIS closes: whether it may. Questions that were waiting have been dropped then."""
        session = self._session
        if session.open_questions and not self._confirm(_waiting(session.open_questions)):
            return False
        session.cancel()
        session.results.finish()
        trouble = _unkept(session)
        self._confirmed = not trouble or self._confirm(trouble)
        return self._confirmed

    def _answer(self) -> None:
        """Waits until all questions are answered, or the user drops the rest."""
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


def _unkept(session: Session) -> Optional[str]:
    """The question about what is not in its file; None where everything is."""
    writer = session.results.writer
    if writer is None or not writer.unkept:
        return None
    ending = tr("Close anyway?") if writer.safe else tr("They will be lost. Close anyway?")
    return f"{session.results.trouble} {ending}"
