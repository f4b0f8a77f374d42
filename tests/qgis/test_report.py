"""The reports: they contain every exchange, nothing in them is executed, and the boxes are in the right place."""

import base64
import itertools
import os
import re
import resource
import subprocess
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from asked import ANSWER, ZOOM, asked
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer
from qgis.PyQt.QtGui import QImage
from rasters import NORTH_UP, SOUTH_UP, city, make

from zoomearth.core.answer_type import BOOLEAN, CHOICE, AnswerType
from zoomearth.core.errors import SceneError
from zoomearth.core.source import SceneSource
from zoomearth.plugin.exchanges.exchange import Exchange, Status
from zoomearth.plugin.export.html import html, write_html
from zoomearth.plugin.export.pdf import write_pdf
from zoomearth.plugin.export.report_dialog import ReportDialog
from zoomearth.plugin.export.words import Contents, position, reasoning

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
        self.pictures += [value for name, value in attrs if name in ("src", "href") and not value.startswith("#")]

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
    assert not re.search(r"(src|href)=\"(?!data:|#)|url\(|@import", html([harbour]))


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
    assert "Questions: 2" in page.text
    assert "Still thinking" not in page.text
    pdf = write_pdf([harbour, failed, running], tmp_path / "report.pdf")
    assert pages(pdf) == 1, "there is room for both"
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


def test_pdf_has_all_that_is_to_be_known(harbour, tmp_path):
    pdf = write_pdf([replace(harbour, confidence=0.834), replace(harbour, question="And a second one?")], tmp_path / "report.pdf")
    assert pages(pdf) == 2, "title, table and the first answer; the second answer"
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
    ground = sum(page.pixelColor(x, y).name() == "#e9edf1" for x in range(60, 400, 4) for y in range(250, 700, 4))
    assert ground > 1000, "the map's ground: the layer was made invisible"
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
    assert text.count("Because.") >= 150
    assert text.count("Why?") >= 80
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


@pytest.fixture
def checked(harbour):
    """An answer that a person contradicts."""
    own = replace(harbour, id="checked", question="Is the quay in use?", answer="yes", answer_type=AnswerType(CHOICE, BOOLEAN))
    own.check("no", "Ada Lovelace", "only posts")
    return own


CLIENT = Contents("Harbour survey", "Port of Exampleton", "Grace Hopper", date="2026-12-01")


@BOTH
def test_the_title_page_names_the_job_and_has_every_question(write, harbour, checked, tmp_path):
    low = replace(harbour, id="low", question="How many cranes?", answer="2", confidence=0.2)
    file = write([harbour, checked, low], tmp_path / "report", CLIENT)
    text = text_of(file) if write is write_pdf else Page(file.read_text()).text
    for said in ("Harbour survey", "Project: Port of Exampleton", "Author: Grace Hopper", "Date: 2026-12-01", "Questions: 3"):
        assert said in text
    table, _, evidence = text.partition("Contested answers")
    assert table.index("Is the quay in use?") < table.index("How many cranes?") < len(table)
    assert "corrected" in table
    assert "Checked by Ada Lovelace" in evidence
    assert "The model said: yes. Note: “only posts”." in evidence
    assert "The model's own confidence is low." in evidence
    assert "How many ships lie at the outer quay?" not in evidence


@BOTH
def test_what_goes_into_the_report_can_be_chosen(write, harbour, checked, tmp_path):
    contents = replace(CLIENT, table=False, contested_only=True)
    file = write([harbour, checked], tmp_path / "report", contents)
    text = text_of(file) if write is write_pdf else Page(file.read_text()).text
    assert "How many ships" not in text
    assert "Is the quay in use?" in text
    bare = write([harbour, checked], tmp_path / "bare", replace(CLIENT, evidence=False))
    text = text_of(bare) if write is write_pdf else Page(bare.read_text()).text
    assert "How many ships" in text
    assert "northern harbour" not in text


def places(exchange, count):
    """The same question about many places."""
    answers = ["no", "yes", "yes", "unsure"]
    rings = [[[500 + 9 * at, 0], [508 + 9 * at, 0], [508 + 9 * at, 8], [500 + 9 * at, 0]] for at in range(count)]
    outlines = [[[[500000 + x, 4600000 - y] for x, y in ring]] for ring in rings]
    return [
        replace(exchange, id=str(at), outline=outline, scope=f"Flur {at}", answer=answers[at % 4]) for at, outline in enumerate(outlines)
    ]


@BOTH
def test_a_question_about_many_places_has_totals(write, harbour, tmp_path):
    file = write(places(harbour, 12), tmp_path / "report", replace(CLIENT, evidence=False))
    text = text_of(file) if write is write_pdf else Page(file.read_text()).text
    assert "How many ships lie at the outer quay? (12 places)" in text
    assert re.search(r"yes 6 .*no 3 .*unsure 3", text)
    assert all(f"Flur {at}" in text for at in range(12))
    if write is write_html:
        assert file.read_text().count('<img src="data:image/png') == 1, "the map"
    else:
        assert pages(file) == 1
        page = drawn(file, tmp_path)
        colors = {page.pixelColor(x, y).name() for x in range(60, 780, 2) for y in range(150, 620, 2)}
        assert {"#2fbf71", "#ff5a4f", "#ffd447"} <= colors, "the bars have the colours of the map"


@BOTH
def test_a_logo_stands_on_the_title_page_and_a_bad_one_is_said(write, harbour, tmp_path):
    logo = QImage(80, 40, QImage.Format.Format_RGB32)
    logo.fill(0xFF0055)
    assert logo.save(str(tmp_path / "logo.png"))
    file = write([harbour], tmp_path / "report", replace(CLIENT, logo=str(tmp_path / "logo.png")))
    if write is write_html:
        assert base64.b64encode((tmp_path / "logo.png").read_bytes()).decode() in file.read_text()
    else:
        page = drawn(file, tmp_path)
        assert page.pixelColor(740, 90).name().startswith("#ff005")
    with pytest.raises(SceneError, match=r"The logo .* can't be read"):
        write([harbour], tmp_path / "report", replace(CLIENT, logo=str(tmp_path / "none.png")))


def test_places_are_in_the_crs_of_the_project(harbour):
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    x, y = re.match(r"centre ([\d.]+), ([\d.]+) \(EPSG:4326\)", position(harbour, harbour.zooms[0])).groups()
    assert (float(x), float(y)) == pytest.approx((15.0, 41.55), abs=0.01)
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:32633"))
    assert "(EPSG:32633)" in position(harbour)
    assert position(replace(harbour, crs="")) == ""


def test_an_overview_is_never_enlarged_and_never_shown_twice(scene, harbour):
    plain = [asked(scene, question, "<answer>yes</answer>") for question in ("A?", "B?")]
    text = html(plain)
    assert text.count("<image ") == 1
    assert "Overview: as in question 1" in Page(text).text
    assert f'style="max-width: {harbour.views[0].shown[0]}px"' in html([harbour])


def large(folder, utm33, width, height, affine=NORTH_UP):
    """A scene of that size, and a question about it with a zoom that is shown reduced."""
    pixels = city(width, height)
    path = make(folder / "large.tif", pixels, crs="EPSG:32633", affine=affine)
    exchange = asked(path, "How many ships?", ZOOM, ANSWER, crs=utm33.toWkt())
    assert exchange.zooms[0].scale > 1.3
    return replace(exchange, scene=SceneSource(str(path))), pixels


def images(exchange):
    """The type and the picture of each image in the HTML."""
    parts = [data.partition(";base64,") for data in Page(html([exchange])).pictures]
    return [(kind, QImage.fromData(base64.b64decode(data))) for kind, _, data in parts]


def test_a_zoom_that_the_model_saw_reduced_is_shown_at_full_resolution(tmp_path, utm33):
    exchange, pixels = large(tmp_path, utm33, 2400, 1600)
    (overview, _), (kind, picture) = images(exchange)
    assert (overview, kind) == ("data:image/png", "data:image/jpeg")
    left, top, right, bottom = exchange.zooms[0].window
    assert (picture.width(), picture.height()) == (right - left, bottom - top)
    off = 0
    for x, y in itertools.product(range(5, right - left, 40), range(5, bottom - top, 40)):
        color = picture.pixelColor(x, y)
        off = max(off, *(abs(int(pixels[band, top + y, left + x]) - seen) for band, seen in enumerate(color.getRgb()[:3])))
    assert off < 40, "the pixels of the raster, but for JPEG"
    assert "shown to the model" in Page(html([exchange])).text
    pdf = write_pdf([exchange], tmp_path / "report.pdf")
    listed = subprocess.run(["pdfimages", "-list", str(pdf)], capture_output=True, text=True, check=True).stdout
    assert re.search(rf" {right - left} +{bottom - top} ", listed), listed
    (tmp_path / "large.tif").unlink()
    assert [kind for kind, _ in images(exchange)] == ["data:image/png"] * 2


def test_a_raster_whose_rows_run_to_the_north_is_shown_as_the_model_saw_it(tmp_path, utm33):
    exchange, _ = large(tmp_path, utm33, 2400, 1600, SOUTH_UP)
    assert [kind for kind, _ in images(exchange)] == ["data:image/png"] * 2


@pytest.mark.parametrize(("tool", "kind"), [("cloud-removal", "data:image/png"), ("segmentation", "data:image/jpeg")])
def test_a_zoom_into_what_a_tool_has_made_is_shown_as_the_model_saw_it(tool, kind, tmp_path, utm33):
    exchange, _ = large(tmp_path, utm33, 2400, 1600)
    overview, zoom = exchange.views
    exchange = replace(exchange, views=[overview, replace(overview, step=1, tool=tool), replace(zoom, step=2)])
    assert images(exchange)[-1][0] == kind


def test_a_crop_has_a_bound(tmp_path, utm33):
    exchange, _ = large(tmp_path, utm33, 6000, 4000)
    left, _, right, _ = exchange.zooms[0].window
    assert right - left > 1200
    _, (kind, picture) = images(exchange)
    assert (kind, max(picture.width(), picture.height())) == ("data:image/jpeg", 1200)


def test_the_dialog_gives_what_was_chosen_and_remembers_the_author(harbour, failed, checked, qtbot, tmp_path):
    dialog = ReportDialog([harbour, checked, failed, Exchange("Still thinking?")], ".pdf")
    qtbot.addWidget(dialog)
    assert dialog.questions.count() == 3
    assert [exchange.question for exchange in dialog.chosen] == [harbour.question, checked.question], "what failed has no tick"
    dialog.doubted.click()
    assert dialog.chosen == [checked]
    dialog.none.click()
    assert not dialog.buttons.button(dialog.buttons.StandardButton.Save).isEnabled()
    dialog.all.click()
    dialog.title.setText("Quays")
    dialog.author.setText("Grace Hopper")
    dialog.file.setFilePath(str(tmp_path / "quays"))
    dialog.table.setChecked(False)
    dialog.accept()
    assert dialog.path == tmp_path / "quays.pdf"
    assert (dialog.contents.title, dialog.contents.author, dialog.contents.table) == ("Quays", "Grace Hopper", False)
    again = ReportDialog([harbour], ".html")
    qtbot.addWidget(again)
    assert again.author.text() == "Grace Hopper"
    assert again.file.filePath().endswith("zoomearth_report.html")
