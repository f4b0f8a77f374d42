"""The replay of the published pipeline, in small: a scripted annotator leaves nothing wrong, and models are tuned on its rows."""

import pytest

from zoomearth.core.labels.file import LabelFile
from zoomearth.core.labels.rows import ACCEPTED, REJECTED
from zoomearth.training.runs import annotator, labels
from zoomearth.training.scenes.scene import make_scene

pytestmark = pytest.mark.usefixtures("one_thread")
SIZE = 1024  # drawn in a tenth of a second


@pytest.fixture
def small(monkeypatch):
    """Two scenes, few rows, one step of training."""
    step = ("--steps", "1", "--batch", "2")
    sizes = {"SCENES": 2, "ROWS": 8, "QUESTIONS": 4, "SHIFTED": "800000000-800000001", "WEAK": step, "TUNED": step, "SIZE": SIZE}
    for name, value in sizes.items():
        monkeypatch.setattr(labels, name, value)
    monkeypatch.setattr(annotator, "SIZE", SIZE)


def test_what_was_reviewed_is_right_and_models_are_tuned_on_it_once(small, tmp_path, capsys):
    labels.main([str(tmp_path), "--seeds", "0"])
    table = capsys.readouterr().out
    folder = tmp_path / "seed-0"
    scenes = {str(tmp_path / "scenes" / f"scene-{seed}-{SIZE}.tif"): make_scene(seed) for seed in (labels.FIRST, labels.FIRST + 1)}
    with LabelFile.open(folder / "reviewed.gpkg") as file:
        boxes, paths = {box.id: box for box in file.boxes()}, {image.id: image.path for image in file.images()}
        rows, decided = file.questions(verdict=ACCEPTED), file.questions()
    assert len(rows) == labels.ROWS
    assert {row.verdict for row in decided} == {ACCEPTED, REJECTED}
    for row in decided:
        if row.verdict == ACCEPTED and row.box:
            scene = scenes[paths[row.image]]
            site = annotator.site_of(scene, boxes[row.box])
            facts = {"Counting": str(len(site.points)), "Region status": "yes" if site.points else "no"}
            facts |= {"Object color / pattern": site.color, "Object shape / structure": site.shape}
            assert row.answer == facts.get(row.category, site.heading)
            assert row.thoughts[0].split(" at ")[0].endswith(site.kind)
    with LabelFile.open(folder / "unreviewed.gpkg") as file:
        assert len(file.questions(verdict=ACCEPTED)) == labels.ROWS
    lines = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")]
    titles = ["seed", "0", "", "the demo model", "weakened", labels.TUNED_ON["reviewed"], labels.TUNED_ON["unreviewed"]]
    assert [line[0].strip("| ") for line in lines] == titles
    assert lines[1][3] == str(len(decided))
    weights = folder / "reviewed-merged" / "model.safetensors"
    written = weights.stat().st_mtime_ns
    labels.main([str(tmp_path), "--seeds", "0"])
    assert capsys.readouterr().out == table
    assert weights.stat().st_mtime_ns == written
