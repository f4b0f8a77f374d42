"""The panel, asked: what is shown, kept and brought back."""

from panel import ANSWER, BOX, wait


def test_an_answer_comes_with_its_evidence(panel, demo_scene):
    panel.script(BOX, ANSWER)
    panel.add(demo_scene)
    exchange = panel.asked()
    assert exchange.answer == "3"
    card = panel.dock.transcript.card(exchange.id)
    panel.dock.grab().save("/tmp/dock.png")
    assert len(exchange.zooms) == 1


def test_demo(panel, demo_scene):
    panel.add(demo_scene)
    exchange = panel.asked("Is there an airport in the scene?")
    panel.dock.grab().save("/tmp/dock2.png")
    assert exchange.answer in ("yes", "no"), exchange
