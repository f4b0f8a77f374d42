"""A panel in QGIS's stub window, with the real backend, for the plugin's tests."""

from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QEventLoop, QTimer

from zoomearth.core.requests import Load
from zoomearth.plugin.child.backend_process import Backend, command
from zoomearth.plugin.exchanges.project_results import ProjectResults
from zoomearth.plugin.exchanges.session import Session
from zoomearth.plugin.panel.dock import Dock
from zoomearth.plugin.review.dock import Answers

BOX = '<think>Two piers, look closer.</think>[{"bbox_2d": [100, 50, 200, 150], "label": "northern pier"}]'
ANSWER = "<think>Three hulls.</think><answer>3</answer>"


class Panel:
    """session, dock, backend, results; `script` sets the replies of a scripted engine, otherwise the demo model answers."""

    def __init__(self, iface, python):
        self.canvas = iface.mapCanvas()
        self.load = Load()
        self.backend = Backend(lambda: command(python))
        self.results = ProjectResults()
        self.session = Session(self.backend, self.results, lambda: self.load)
        self.dock = Dock(iface, self.session, lambda: True)
        self.answers = Answers(iface, self.dock.runs)
        self.dock.table_clicked.connect(self.answers.show_run)
        self.dock.resize(380, 760)
        self.dock.show()
        self.heard = []
        self.session.event_received.connect(lambda exchange, event: self.heard.append(event))

    def script(self, *replies, pace=0.0):
        self.load = Load(replies=replies, pace=pace)

    def add(self, path, name=None):
        layer = QgsRasterLayer(str(path), name or path.stem)
        assert layer.isValid()
        QgsProject.instance().addMapLayer(layer)
        self.dock.form.layer.setLayer(layer)
        return layer

    def ask(self, question="How many ships are at the northern pier?"):
        self.dock.question.setPlainText(question)
        self.dock.toolbar.ask.click()
        return self.session.exchanges[-1] if self.session.exchanges else None

    def ask_nothing(self):
        """How many exchanges there are after a question that should be refused."""
        self.ask()
        return len(self.session.exchanges)

    def asked(self, question="How many ships are at the northern pier?", timeout=120):
        """The exchange, ended."""
        exchange = self.ask(question)
        wait(lambda: not self.session.busy, timeout)
        return exchange

    def close(self):
        self.session.close()
        self.results.close()
        self.answers.close_down()
        self.dock.close_down()
        for thing in (self.dock, self.session, self.results, self.backend):
            thing.deleteLater()


def last_of(backend, job):
    """The job's last event, once it is there."""
    for _ in backend.follow(job):
        pass
    return job.result


def wait(condition, timeout=60):
    """Runs the event loop until the condition holds."""
    loop, timer, end, held = QEventLoop(), QTimer(), QTimer(), []
    timer.timeout.connect(lambda: condition() and (held.append(True), loop.quit()))
    end.setSingleShot(True)
    end.timeout.connect(loop.quit)
    timer.start(10)
    end.start(int(timeout * 1000))
    if not condition():
        loop.exec()
    timer.stop()  # a failed test keeps it alive, and the condition's widgets are gone then
    assert held or condition(), "timed out"
