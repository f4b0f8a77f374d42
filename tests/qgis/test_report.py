"""The reports: they contain every exchange, nothing in them is executed, and the boxes are in the right place."""

import base64
import os
import re
import resource
import subprocess
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from asked import ANSWER, ZOOM, asked
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtGui import QImage

from zoomearth.core.errors import SceneError
from zoomearth.plugin.exchanges.exchange import Exchange, Status
from zoomearth.plugin.export.html import html, reasoning, write_html
from zoomearth.plugin.export.pdf import write_pdf

NASTY = '<script>alert("x")</script> & "quotes" \'too\' </style></body>'
BOTH = pytest.mark.parametrize("write", [write_html, write_pdf])


class Page(HTMLParser):
    """The tags of a page, its pictures, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.pictures, self.words = [], [], []
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.pictures += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def failed():
    return Exchange("Was there snow?", layer="town", status=Status.FAILED, message="The model process crashed.", hint="Ask again.")


def text_of(pdf):
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    return " ".join(unicodedata.normalize("NFKC", text).split())  # ligatures


def pages(pdf):
    return int(
        re.search(r"Pages:\s+(\d+)", subprocess.run(["pdfinfo", str(pdf)], capture_output=True, text=True, check=True).stdout).group(1)
    )


def drawn(pdf, folder, page=1):
    """The page as an image, four dots a millimetre."""
    subprocess.run(
        ["pdftoppm", "-r", "101.6", "-png", "-f", str(page), "-l", str(page), "-singlefile", str(pdf), str(folder / "page")], check=True
    )
    return QImage(str(folder / "page.png"))


def test_html_tells_everything_about_an_exchange(harbour):
    harbour = replace(harbour, confidence=0.834)
    page = Page(html([harbour]))
    for said in (
        *("How many ships lie at the outer quay?", "3 ships", "whole layer", "town", "EPSG:32633", "scripted", harbour.time[:10]),
        *(
            "northern harbour",
            "outer quay",
            "It lies in the north.",
            "Three hulls lie side by side.",
            "confidence: 0.83 of 1",
            "not a probability",
        ),
    ):
        assert said in page.text
    left, top, right, bottom = harbour.zooms[0].window
    assert f"columns {left} to {right}, rows {top} to {bottom}" in page.text
    assert page.tags.count("details") == 1
    assert "<think>" not in page.text


def test_html_holds_the_very_pictures_and_asks_nothing_of_the_network(harbour):
    page = Page(html([harbour]))
    assert [base64.b64decode(data.partition("base64,")[2]) for data in page.pictures] == [seen.picture for seen in harbour.views]
    assert all(data.startswith("data:image/png;base64,") for data in page.pictures)
    assert not re.search(r"(src|href)=\"(?!data:)|url\(|@import", html([harbour]))


def test_html_marks_each_box_where_it_lies(harbour):
    text = html([harbour])
    for seen in harbour.zooms:
        left, top, right, bottom = seen.roi
        assert f'<rect x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}"' in text
        assert f">{seen.step}</text>" in text


def test_nothing_that_was_written_by_others_runs(harbour):
    views = [replace(seen, label=NASTY, thoughts=f"<think>{NASTY}</think>") for seen in harbour.views]
    nasty = replace(harbour, question=NASTY, answer=NASTY, layer=NASTY, scope=NASTY, model=NASTY, views=views)
    failed = replace(nasty, answer=None, status=Status.FAILED, message=NASTY, hint=NASTY)
    page = Page(html([nasty, failed]))
    assert set(page.tags) == set(Page(html([harbour])).tags), "no tag but our own"
    assert NASTY in page.text


def test_what_failed_is_reported_as_such_and_what_runs_is_left_out(harbour, failed, tmp_path):
    running = Exchange("Still thinking?")
    page = Page(html([harbour, failed, running]))
    assert "Failed: The model process crashed. Ask again." in page.text
    assert "2 questions" in page.text
    assert "Still thinking" not in page.text
    pdf = write_pdf([harbour, failed, running], tmp_path / "report.pdf")
    assert pages(pdf) == 2
    assert "Failed: The model process crashed." in text_of(pdf)
    assert "Still thinking" not in text_of(pdf)


def test_a_forced_answer_is_called_a_guess(harbour):
    assert "best guess" in Page(html([replace(harbour, stopped="limit")])).text


def test_reasoning_is_read_without_tags_and_boxes(harbour):
    assert [reasoning(seen) for seen in harbour.views] == [
        "It lies in the north.",
        "Two quays; the outer one.",
        "Three hulls lie side by side.",
    ]
    assert reasoning(replace(harbour.views[0], thoughts="<think>cut off in the mid")) == "cut off in the mid"


def test_pdf_has_a_page_an_exchange_with_all_that_is_to_be_known(harbour, tmp_path):
    pdf = write_pdf([replace(harbour, confidence=0.834), replace(harbour, question="And a second one?")], tmp_path / "report.pdf")
    assert pages(pdf) == 2
    text = text_of(pdf)
    for said in (
        *("How many ships lie at the outer quay?", "And a second one?", "3 ships", "northern harbour", "outer quay"),
        *("EPSG:32633", "town", "scripted", harbour.time[:10], "1 of 2", "2 of 2", "confidence: 0.83 of 1", "not a probability"),
    ):
        assert said in text


def test_pdf_shows_the_boxes_on_the_map(harbour, tmp_path):
    page = drawn(write_pdf([harbour], tmp_path / "report.pdf"), tmp_path)
    colors = [page.pixelColor(x, y).name() for x in range(60, 536, 1) for y in range(130, 620, 1)]
    assert colors.count("#00e5ff") > 200, "the first box"
    assert colors.count("#00e5ff") > 200, "the second box"


def test_pdf_takes_the_layers_own_look_from_the_project(scene, harbour, tmp_path):
    layer = QgsRasterLayer(str(scene), "town")
    layer.setOpacity(0)
    QgsProject.instance().addMapLayer(layer)
    page = drawn(write_pdf([harbour], tmp_path / "report.pdf"), tmp_path)
    assert page.pixelColor(480, 400).name() == "#e9edf1", "the map's ground: the layer was made invisible"
    assert layer.isValid(), "the project's own layer is left alone"


def test_a_raster_that_is_gone_still_gives_a_report(harbour, tmp_path):
    text = text_of(write_pdf([replace(harbour, source="/gone/town.tif")], tmp_path / "report.pdf"))
    assert "3 ships" in text


def test_many_zooms_and_long_texts_go_on_over_the_page(harbour, tmp_path):
    zooms = [replace(harbour.zooms[0], step=step, label=f"place {step}") for step in range(1, 13)]
    long = replace(harbour, question="Why? " * 80, answer="Because. " * 150, views=[harbour.views[0], *zooms])
    pdf = write_pdf([long], tmp_path / "report.pdf")
    assert pages(pdf) >= 3
    text = text_of(pdf)
    assert text.count("Because.") == 150
    assert text.count("Why?") == 80
    assert all(f"place {step}" in text for step in range(1, 13))


def test_a_raster_that_lies_nowhere_is_reported_without_a_scale(scene, tmp_path):
    exchange = asked(scene, "What is there?", ZOOM, ANSWER)
    exchange.views = [replace(seen, polygon=None) for seen in exchange.views]
    assert "3 ships" in text_of(write_pdf([exchange], tmp_path / "report.pdf"))
    assert "3 ships" in Page(html([exchange])).text


@BOTH
def test_nothing_to_report_is_said(write, tmp_path):
    with pytest.raises(SceneError, match="nothing to report"):
        write([Exchange("Still thinking?")], tmp_path / "report")
    assert list(tmp_path.iterdir()) == []


@BOTH
def test_a_folder_that_takes_no_files_is_said(write, harbour, tmp_path):
    with pytest.raises(SceneError, match="can't be written"):
        write([harbour], tmp_path / "missing" / "report")


@BOTH
def test_a_full_disk_leaves_the_older_report(write, harbour, tmp_path):
    path = tmp_path / "report"
    path.write_text("the older one")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    try:
        with pytest.raises(SceneError, match="can't be written"):
            write([harbour], path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "the older one"
    assert os.listdir(tmp_path) == ["report"]


def test_a_meaningless_answer_is_marked_in_both_reports(harbour, tmp_path):
    marked = replace(harbour, meaningless=True, confidence=None)
    page = html([marked, harbour])
    assert page.count('class="answer meaningless"') == 1
    for text in (Page(page).text, text_of(write_pdf([marked, harbour], tmp_path / "report.pdf"))):
        assert text.count("Meaningless: the demo model works only on the drawn demo scenes") == 1
        assert "Settings > Options > ZoomEarth > Model" in text


def test_an_answer_that_is_missing_has_one_plain_sentence(harbour):
    missing = replace(harbour, answer=None, stopped="unreadable", why="the reply is empty")
    assert "The model's reply made no sense. Ask in other words." in Page(html([missing])).text
    assert "the reply is empty" not in Page(html([missing])).text
    missing = replace(harbour, answer=None, stopped="limit", why="the model asked for another view when none was left")
    assert "best guess" not in Page(html([missing])).text
