"""The report: it shows the whole run, opens in a real browser without a network, and is fast with 10,000 records."""

import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from evaluating import ByRule, make_set, write_rows

from zoomearth.backend.cli.main import main
from zoomearth.core.errors import DataError
from zoomearth.training.evaluation import evaluate
from zoomearth.training.evaluation.records import Record, read
from zoomearth.training.evaluation.report import write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
FLAGS += ("--disable-component-update", "--disable-sync", "--virtual-time-budget=20000")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Sixty questions in all four modes; one image is broken, and one question contains HTML."""
    folder = tmp_path_factory.mktemp("report")
    rows = make_set(folder / "data", 60)
    (folder / "data" / "images" / "4.png").write_bytes(b"no picture")
    rows[1]["question"] = "Is </script><b>1</b> region? {{data}}"
    write_rows(folder / "data" / "test.jsonl", rows)
    before, evaluate.open_engine = evaluate.open_engine, lambda settings: ByRule()
    try:
        assert main(["evaluate", "lrs-gro", "--data", str(folder / "data"), "--out", str(folder / "run"), "--ablation", "--json"]) == 0
    finally:
        evaluate.open_engine = before
    return folder / "run"


def content(report):
    text = report.read_text()
    result = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return text, json.loads(result[1])


def dom(report, profile, *flags):
    """The page as Chromium has built it."""
    command = [CHROMIUM, *FLAGS, *flags, f"--user-data-dir={profile}", "--dump-dom", f"file://{report}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def test_it_needs_nothing_but_itself(run):
    text, _ = content(run / "report.html")
    assert not re.search(r'(src|href)="?(?!data:)[^"$]', text)
    assert "http" not in re.sub(r"http://www\.w3\.org/\S+", "", text)
    assert "{{" not in text.replace("{{data}}", "", 1).split('id="data"')[0]


def test_figures_cautions_and_failures_are_in_it(run):
    text, data = content(run / "report.html")
    assert list(data["runs"]) == ["zoom", "no-crop", "oracle-box", "blind"]
    assert "3,313 questions" in text
    assert "this run: by rule, zoom" in text
    assert "failed and are not counted" in text
    assert "4.png" in text
    zoom = data["runs"]["zoom"]
    assert len(zoom) == 60
    assert sum(record["right"] is None for record in zoom) == 12
    assert zoom[1]["crops"]
    assert zoom[1]["boxes"]
    assert zoom[1]["label"] == pytest.approx([64 / 1024, 64 / 768, 0.5, 512 / 768], abs=1e-3)
    assert zoom[0]["replies"]
    assert text.count("<svg") >= 5


def test_views_of_two_sizes_are_plotted_against_each_other(run, tmp_path):
    text, _ = content(run / "report.html")
    assert "size of a view" not in text
    rows = [json.loads(line) for line in (run / "zoom.jsonl").read_text().splitlines()]
    write_rows(tmp_path / "zoom.jsonl", rows)
    spec = {**rows[0]["spec"], "policy": {**rows[0]["spec"]["policy"], "view": 112}}
    write_rows(tmp_path / "zoom-view112.jsonl", [{**row, "spec": spec} for row in rows])
    text, _ = content(write_report(tmp_path))
    assert "Right answers against the size of a view" in text
    assert "% at 112" in text


def test_meaningless_answers_are_said_once_and_on_top(run, tmp_path, capsys):
    rows = [json.loads(line) for line in (run / "zoom.jsonl").read_text().splitlines()]
    assert "Meaningless" not in content(run / "report.html")[0]
    write_rows(tmp_path / "zoom.jsonl", [{**row, "meaningless": True} for row in rows])
    text, _ = content(write_report(tmp_path))
    assert text.count("Meaningless: the demo model knows only generated scenes") == 1
    assert text.index("Meaningless") < text.index("<table")
    capsys.readouterr()
    assert main(["evaluate", "lrs-gro", "--score-only", str(tmp_path / "zoom.jsonl")]) == 0
    assert capsys.readouterr().out.startswith("Meaningless")
    assert main(["evaluate", "lrs-gro", "--score-only", str(tmp_path / "zoom.jsonl"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["meaningless"] == 48


def test_the_demo_model_over_a_real_set_is_meaningless_in_every_record(tmp_path):
    make_set(tmp_path / "data", 3)
    where = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / "run"), "--device", "cpu"]
    assert main(["evaluate", "lrs-gro", *where]) == 0
    records = read(tmp_path / "run" / "zoom.jsonl")
    assert [(record.meaningless, record.confidence) for record in records] == [(True, None)] * 3
    assert "Meaningless" in content(tmp_path / "run" / "report.html")[0]


class Elements(HTMLParser):
    """Each element of a page, with its attributes, in order."""

    def __init__(self, text):
        super().__init__()
        self.all = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.all.append((tag, attributes))


def written(folder, text):
    """The report of two runs, one of which failed, where every text that a person, a file or a model wrote is `text`."""
    spec = dict.fromkeys(("model", "revision", "server", "dialect", "prompt_hash"), text)
    spec |= {"benchmark": "lrs-gro", "policy": {text: text, "view": 512}}
    record = Record(text, text, text, type=text, category=text, image=f"/nowhere/{text}.tif")
    row = {**vars(record), "question": text, "replies": [text], "why": text, "choices": [text], "spec": spec, "tokens_in": 9}
    row |= {"score": {"right": True, "why": text}, "bbox": [[1, 1, 9, 9]], "bbox_ref": [2, 2, 8, 8], "size": [99, 99]}
    folder.mkdir()
    write_rows(folder / "zoom.jsonl", [row, {**row, "question_id": text + "2", "error": {"message": text, "hint": text}}])
    policy = {**spec["policy"], "view": 112}
    write_rows(folder / f"{text.replace('/', '')}.jsonl", [{**row, "spec": {**spec, "policy": policy}}])
    return write_report(folder)


HOSTILE = """<b>"'></script></title></svg><script>document.title='run'</script><img src=x onerror=alert(1)>{{ data }}{% raw %}"""


def test_what_was_written_elsewhere_never_becomes_an_element(tmp_path):
    plain, hostile = written(tmp_path / "plain", "harmless"), written(tmp_path / "hostile", HOSTILE)
    assert Elements(hostile.read_text()).all == Elements(plain.read_text()).all
    text, data = content(hostile)
    record = data["runs"]["zoom"][0]
    assert {record[name] for name in ("id", "question", "truth", "answer", "type", "category")} == {*record["replies"], HOSTILE}
    assert html.unescape(text).count(HOSTILE) >= 10, "all of it is there, as text"


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_a_browser_builds_no_element_of_what_was_written_elsewhere(tmp_path):
    plain, hostile = (
        Elements(dom(written(tmp_path / name, text), tmp_path / "profile")).all
        for name, text in (("plain", "harmless"), ("hostile", HOSTILE))
    )
    assert ("article", [("class", "card right")]) in hostile
    assert hostile[1:] == plain[1:], "the first element says after how many ms the page was ready"


def test_images_that_have_gone_leave_the_rest(run, tmp_path):
    rows = [json.loads(line) for line in (run / "zoom.jsonl").read_text().splitlines()]
    write_rows(tmp_path / "zoom.jsonl", [{**row, "image": "/nowhere/x.png"} for row in rows])
    _, data = content(write_report(tmp_path))
    assert data["scenes"][0]["picture"] == ""
    assert data["crops"] == 0


def test_a_folder_without_records_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match="has no records"):
        write_report(tmp_path)


def test_other_files_beside_a_run_do_not_keep_it_from_its_report(run, tmp_path):
    content_before = (run / "zoom.jsonl").read_bytes()
    (tmp_path / "zoom.jsonl").write_bytes(content_before)
    (tmp_path / "no-crop.jsonl").write_bytes(b"")  # of a mode that was interrupted before its first answer
    write_rows(tmp_path / "notes.jsonl", [{"note": 1}])
    write_rows(tmp_path / "published.jsonl", [{"question_id": 1, "ground_truth": "a", "answer1": "a", "error": False}])
    _, data = content(write_report(tmp_path))
    assert list(data["runs"]) == ["zoom"]


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_a_browser_shows_the_gallery_and_runs_nothing_of_the_questions(run, tmp_path):
    page = dom(run / "report.html", tmp_path / "profile")
    assert page.count('<article class="card') == 12
    assert 'class="card wrong"' in page
    assert "60 questions, page 1 of 5" in page
    assert "&lt;/script&gt;&lt;b&gt;1&lt;/b&gt;" in page, "a question is text, never HTML"
    assert page.count('class="asked"') >= 6


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_ten_thousand_records_are_there_within_two_seconds(tmp_path):
    spec = {"benchmark": "lrs-gro", "model": "by rule", "policy": {"view": 512}}
    rows = []
    text = "<think>There is a long pier in the north.</think>" * 4
    global_view = {"window": [0, 0, 4000, 4000], "size": [512, 512], "roi": None}
    views = [global_view, {"window": [0, 0, 512, 512], "size": [512, 512], "roi": [1, 1, 9, 9]}]
    boxes = {"bbox": [[10, 10, 90, 90]], "bbox_ref": [20, 20, 180, 180], "size": [4000, 4000], "replies": [text, text], "views": views}
    for at in range(10_000):
        row = Record(
            f"Q-{at}", "yes", "yes", type=("global", "region")[at % 2], category=f"kind {at % 17}", image=f"/nowhere/{at // 10}.tif"
        )
        rows.append({**vars(row), **boxes, "question": f"Is it {at}?", "score": {"right": at % 3 > 0, "why": "equal"}, "spec": spec})
    write_rows(tmp_path / "zoom.jsonl", rows)
    page = dom(write_report(tmp_path), tmp_path / "profile")
    assert "10,000 questions, page 1 of 834" in page
    ready = int(re.search(r'data-ready="(\d+)"', page)[1])
    print(f"ready after {ready} ms")
    assert ready < 2000
