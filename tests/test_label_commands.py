"""`zoomearth label ...`: import, propose, stats, merge, export; and a label file as training data."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from labelling import RECORDS, box, real_rows
from quirks import Answer, Quirks, chunk, streamed
from rasters import NORTH_UP, make

from zoomearth.backend.cli.main import main
from zoomearth.backend.engines.scripted import ScriptedEngine
from zoomearth.backend.labels.images import bounds_of, examined
from zoomearth.backend.labels.propose import check, hosts, pending, propose, targets
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import EngineError
from zoomearth.core.example import Example, Step
from zoomearth.core.geometry import Box
from zoomearth.core.labels.examples import examples, from_examples, line_of
from zoomearth.core.labels.file import LabelFile
from zoomearth.core.labels.rows import ACCEPTED, CANDIDATE, LabelImage
from zoomearth.core.labels.templates import colour_name
from zoomearth.core.profile import Profile
from zoomearth.core.settings import Settings
from zoomearth.core.source import SceneSource, Where
from zoomearth.training.data.folder import Folder
from zoomearth.training.data.sources import gather

PROFILE = Profile.from_dict({"name": "scripted", "dialect": "qwen-grounding", "policy": {"view": 56, "least": 56}})
CANDIDATES = [
    {"question": "What colour is the ship?", "answer": "blue", "category": "Object color / pattern", "thoughts": "Its deck is blue."},
    {"question": "Is the ship moving?", "answer": "no", "category": "Object state / motion / activity"},
]
REPLY = f"Here they are: {json.dumps(CANDIDATES)}"


@pytest.fixture(scope="module")
def rasters(tmp_path_factory):
    """Two rasters of 200 x 150 pixels, 100 km apart: sand, with a blue rectangle."""
    folder = tmp_path_factory.mktemp("rasters")
    pixels = np.zeros((3, 150, 200), np.uint8) + np.array([200, 180, 140], np.uint8)[:, None, None]
    pixels[:, 20:50, 20:80] = np.array([20, 40, 200])[:, None, None]
    for at, name in enumerate(("a.tif", "b.tif")):
        affine = (NORTH_UP[0] + 1e5 * at, *NORTH_UP[1:])
        make(folder / name, pixels, affine=affine)
    return folder


@pytest.fixture
def labels(rasters, tmp_path):
    """A label file with a box on the blue rectangle of each raster."""
    with LabelFile.open(tmp_path / "labels.gpkg", new=True) as labels:
        for name in ("a.tif", "b.tif"):
            scene = examined(SceneSource(str(rasters / name)))
            labels.add(scene, box(scene, 20, 20, 80, 50, label="blue ship"))
        yield labels


def run(capsys, *arguments):
    """The exit code, the JSON that was printed, and standard error."""
    code = main([*map(str, arguments), "--json"])
    printed = capsys.readouterr()
    return code, json.loads(printed.out), printed.err


def accept_all(labels):
    with LabelFile.open(labels.path, "Ada") as ada:
        for each in ada.questions(verdict=CANDIDATE):
            ada.accept(each.id)


def test_the_real_rows_come_out_as_they_went_in(tmp_path, capsys):
    path, out = tmp_path / "labels.gpkg", tmp_path / "out.jsonl"
    code, counts, _ = run(capsys, "label", "import", RECORDS, "--as", "lrs-gro", "--out", path)
    assert (code, counts["questions"], counts["boxes"], counts["images"], counts["unusable"]) == (0, 6622, 1194, 625, 0)
    assert run(capsys, "label", "export", path, "--as", "lrs-gro", "--out", out)[1][str(out)] == 6622
    exported = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert list(map(json.dumps, exported)) == list(map(json.dumps, real_rows()))


def test_the_sft_form_has_thoughts_and_places_and_rows_are_imported_once(tmp_path, capsys):
    rows, path, out = tmp_path / "rows.jsonl", tmp_path / "labels.gpkg", tmp_path / "out.jsonl"
    thoughtful = {**real_rows(3)[2], "stage_1_reasoning": "It lies in the west.", "stage_2_reasoning": "It is grey."}
    rows.write_text("".join(json.dumps(row) + "\n" for row in [*real_rows(2), thoughtful]))
    run(capsys, "label", "import", rows, "--as", "lrs-gro", "--out", path)
    run(capsys, "label", "export", path, "--as", "sft", "--out", out)
    sft = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [sft[2][name] for name in ("global", "cut", "area")] == [False, True, "top-left"]
    assert {**sft[2], "global": 0, "cut": 0, "area": 0} == {**thoughtful, "global": 0, "cut": 0, "area": 0}
    assert [sft[0][name] for name in ("global", "cut", "area", "stage_1_reasoning")] == [True, False, "", ""]
    counts = run(capsys, "label", "import", rows, "--as", "lrs-gro", "--out", path)[1]
    assert (counts["questions"], counts["already there"]) == (0, 3)


def test_bad_rows_are_named_and_the_others_are_imported(tmp_path, capsys):
    rows = tmp_path / "rows.jsonl"
    good, *_ = real_rows(1)
    bad = [{**good, "bbox": [3, 3, 1, 1]}, {"question": "?"}]
    rows.write_text("".join(json.dumps(row) + "\n" for row in [*bad, good]) + "{not JSON\n")
    code = main(["label", "import", str(rows), "--as", "lrs-gro", "--out", str(tmp_path / "x.gpkg")])
    printed = capsys.readouterr()
    assert (code, "questions: 1" in printed.out, "unusable: 3" in printed.out) == (0, True, True)
    assert "rows.jsonl:1 is left out: its bbox is [3, 3, 1, 1]" in printed.err


def test_templates_make_candidates_without_a_model(labels, capsys):
    code, counts, _ = run(capsys, "label", "propose", labels.path, "--template", "--count", 9)
    assert (code, counts["boxes"], counts["failed"]) == (0, 2, 0)
    first = {each.question: each.answer for each in labels.questions() if each.image == labels.images()[0].id}
    assert first == {
        "What is the main colour of the blue ship?": "blue",
        "In which part of the image is the blue ship?": "top-left",
        "Is there a blue ship in the top-left part of the image?": "yes",
        "Is the blue ship in the bottom-right part of the image?": "no",
        "Is the blue ship wider than it is high in the image?": "yes",
        "About how many metres long is the longer side of the blue ship?": "30",
    }
    assert {each.maker for each in labels.questions()} == {"template"}
    assert run(capsys, "label", "propose", labels.path, "--template")[1]["boxes"] == 0


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((10, 10, 10), "black"),
        ((250, 250, 250), "white"),
        ((120, 125, 122), "grey"),
        ((200, 20, 20), "red"),
        ((30, 120, 40), "green"),
        ((20, 40, 200), "blue"),
        ((120, 80, 40), "brown"),
        ((230, 210, 40), "yellow"),
        ((255, 255, 255), "white"),
        ((255, 0, 1), "red"),
    ],
)
def test_colours_have_their_usual_names(rgb, name):
    assert colour_name(*rgb) == name


def test_a_models_candidates_have_their_origin_and_are_not_asked_for_again(labels):
    engine = ScriptedEngine(PROFILE, [REPLY])
    results = list(propose(engine, labels, targets(labels, whole=False), 4, "example.org:8000", 2, concurrent=False))
    assert [(added, error) for _, added, error in results] == [(2, None), (2, None)]
    first = labels.questions()[0]
    assert (first.question, first.answer, first.maker, first.verdict) == ("What colour is the ship?", "blue", "scripted", CANDIDATE)
    assert (first.thoughts, first.steps) == (("", "Its deck is blue."), (first.box,))
    origin = next(each for each in labels.proposals() if each.id == first.proposal)
    assert (origin.server, origin.prompt, origin.count) == ("example.org:8000", "1", 2)
    assert origin.reply.startswith("Here they are")
    assert pending(labels, targets(labels, whole=False), "scripted") == []
    assert len(pending(labels, targets(labels, whole=True), "scripted")) == 2
    assert len(pending(labels, targets(labels, whole=False), "another")) == 2


def test_a_regeneration_keeps_what_a_person_has_accepted(labels):
    list(propose(ScriptedEngine(PROFILE, [REPLY]), labels, targets(labels, whole=False)[:1], 4, "", 1, concurrent=False))
    with LabelFile.open(labels.path, "Ada") as ada:
        ada.accept(ada.questions()[0].id)
    again = ScriptedEngine(PROFILE, [json.dumps([CANDIDATES[0], {"question": "What is it for?", "answer": "cargo"}])])
    list(propose(again, labels, targets(labels, whole=False)[:1], 4, "", 1, concurrent=False))
    assert [(each.question, each.verdict) for each in labels.questions()] == [
        ("What colour is the ship?", ACCEPTED),
        ("What is it for?", CANDIDATE),
    ]


@pytest.mark.parametrize("reply", ["I see a harbour.", "[1, 2, 3]", '[{"bbox_2d": [1, 2, 3, 4], "label": "ship"}]', ""])
def test_a_model_that_proposes_nonsense_costs_nothing(labels, reply):
    results = list(propose(ScriptedEngine(PROFILE, [reply]), labels, targets(labels, whole=True), 4, "", 2, concurrent=False))
    assert [(added, error) for _, added, error in results] == [(0, None)] * 4
    assert labels.questions() == []
    assert len(labels.proposals()) == 4


def test_a_raster_that_moved_costs_its_own_boxes_and_is_found_again(labels, rasters, capsys, monkeypatch):
    image = labels.images()[0]
    moved = rasters / "moved.tif"
    shutil.copy(image.path, moved)
    labels.change(replace(image, path=str(rasters / "gone.tif")), what="move")
    monkeypatch.setattr("zoomearth.backend.engines.open.open_engine", lambda settings: ScriptedEngine(PROFILE, [REPLY]))
    code, counts, error = run(capsys, "label", "propose", labels.path)
    assert (code, counts["boxes"], counts["failed"], counts["candidates"]) == (1, 1, 1, 2)
    assert "gone.tif is not there: the raster was moved" in error
    assert main(["label", "move", str(labels.path), str(moved), "--image", "gone.tif"]) == 0
    assert "gone.tif is at" in capsys.readouterr().out
    code, counts, _ = run(capsys, "label", "propose", labels.path)
    assert (code, counts["boxes"], counts["failed"]) == (0, 1, 0)


def test_a_server_is_shown_three_pictures_and_asked_at_once_and_blind(labels, capsys):
    pictures = []

    def replied(asked):
        text = asked.body.decode()
        pictures.append(text.count("image_url") // 2 if "Write 4 questions" in text else None)
        return Answer(streamed(chunk(REPLY if "Write 4 questions" in text else "<answer>blue</answer>"), chunk(finish="stop")))

    with Quirks(replied).serving() as server:
        flags = ("--remote", server.url, "--remote-model", "served", "--model", "zoomearth-3b", "--concurrency", 2)
        code, counts, _ = run(capsys, "label", "propose", labels.path, *flags, "--check")
        host = server.url.split("//")[1].split("/")[0]
    assert (code, counts["boxes"], counts["candidates"], counts["checks"]) == (0, 2, 4, 8)
    assert {each.server for each in labels.proposals()} == {host}
    assert [count for count in pictures if count is not None] == [3, 3]
    assert {(each.blind, each.second) for each in labels.questions()} == {("blue", "blue")}
    flags = run(capsys, "label", "stats", labels.path)[1]["flags"]
    assert (flags["answerable blind"], flags["two samples disagree"]) == (2, 2)


def test_a_server_that_fails_is_asked_again_by_the_next_run(labels):
    class Down(ScriptedEngine):
        def reply(self, talks, **more):
            raise EngineError("The server is down.")

    results = list(propose(Down(PROFILE, ["x"]), labels, targets(labels, whole=False), 4, "", 2, concurrent=True))
    assert [error.message for _, _, error in results] == ["The server is down."] * 2
    assert len(pending(labels, targets(labels, whole=False), "scripted")) == 2
    assert list(check(ScriptedEngine(PROFILE, ["x"]), labels, 2, concurrent=False)) == []


def test_two_files_are_merged_into_a_third(labels, tmp_path, capsys):
    ben = tmp_path / "ben.gpkg"
    list(propose(ScriptedEngine(PROFILE, [REPLY]), labels, targets(labels, whole=False), 4, "", 1, concurrent=False))
    shutil.copy(labels.path, ben)
    accept_all(labels)
    with LabelFile.open(ben, "Ben") as other:
        other.reject(other.questions()[0].id)
    code, counts, _ = run(capsys, "label", "merge", labels.path, ben, "--out", tmp_path / "both.gpkg")
    assert (code, counts["changed by both"], counts["events"]) == (0, 1, 1)
    agreed = run(capsys, "label", "stats", tmp_path / "both.gpkg")[1]["agreement"]
    assert [(each["first"], each["second"], each["questions"]) for each in agreed] == [("Ada", "Ben", 1)]
    assert main(["label", "stats", str(tmp_path / "both.gpkg")]) == 0
    assert "scripted: 3 of 4 reviewed candidates accepted" in capsys.readouterr().out


def test_a_label_file_is_training_data_as_it_is(labels):
    list(propose(ScriptedEngine(PROFILE, [REPLY]), labels, targets(labels, whole=False), 4, "", 1, concurrent=False))
    with LabelFile.open(labels.path, "Ada") as ada:
        ada.accept(ada.questions()[0].id)
        ada.edit(ada.questions()[1].id, answer="yes")
    data = gather([str(labels.path)], "fatal", 0.0, 0, PROFILE)
    assert [(row.answer, row.box, row.thoughts) for row in data.examples] == [
        ("blue", Box(20, 20, 80, 50), ("", "Its deck is blue.")),
        ("yes", Box(20, 20, 80, 50), ()),
    ]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zs", "Zl", "Zp"]), min_size=1, max_size=8)
SIDE = st.floats(0, 5000, allow_nan=False)
TOOL = st.just(()) | st.just(("segmentation", {"simplify": 0.3})) | st.just(("denoising", None))
STEP = st.one_of(
    st.just(Step(None)),
    st.builds(lambda x, y, w, name, tool: Step(Box(x, y, x + 1 + w, y + 2 + w), name, *tool), SIDE, SIDE, SIDE, TEXT, TOOL),
)
BANDS = st.one_of(st.tuples(st.none(), st.none()), st.just(((4, 3, 2), ((0.0, 1000.5), (1.0, 2.0), (0.1, 0.3)))))
REGION = st.one_of(st.none(), st.just(Where(window=(1, 2, 30.5, 40))), st.just(Where(outline=(((0.0, 0.0), (1.5, 0.0), (1.0, 2.0)),))))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(TEXT, TEXT, st.lists(STEP, max_size=3), st.lists(TEXT, max_size=3), BANDS, REGION), min_size=1, max_size=4),
    st.none() | st.just(1024.0),
)
def test_the_folder_form_loses_nothing(tmp_path, rows, frame):
    raster = tmp_path / "any.tif"
    raster.touch()
    given = [
        Example(
            f"row {at}",
            SceneSource(str(raster), *bands),
            asked,
            answer,
            "region",
            "a/b 'c'",
            tuple(steps),
            frame,
            ("x", "y"),
            tuple(thoughts),
            region,
            {"dirty": [at]},
        )
        for at, (asked, answer, steps, thoughts, bands, region) in enumerate(rows)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(line_of(row)) + "\n" for row in given))
    assert list(Folder().load(tmp_path / "rows.jsonl")) == given
    path = tmp_path / "labels.gpkg"
    path.unlink(missing_ok=True)
    with LabelFile.open(path, new=True) as labels:
        new = {}
        for scene, boxes, asked in from_examples(given, LabelImage.of):
            new.update({each.id: each for each in (scene, *boxes, asked)})
        labels.add(*sorted(new.values(), key=lambda row: ["LabelImage", "LabelBox", "Question"].index(type(row).__name__)))
        assert list(examples(labels)) == given
    path.unlink()


def test_the_other_exports(labels, tmp_path, capsys):
    list(propose(ScriptedEngine(PROFILE, [REPLY]), labels, targets(labels, whole=False), 4, "", 1, concurrent=False))
    assert main(["label", "export", str(labels.path), "--as", "coco", "--out", str(tmp_path / "x")]) == 2
    assert "has no accepted question" in capsys.readouterr().err
    accept_all(labels)
    run(capsys, "label", "export", labels.path, "--as", "coco", "--out", tmp_path / "coco.json")
    coco = json.loads((tmp_path / "coco.json").read_text())
    assert [each["bbox"] for each in coco["annotations"]] == [[20, 20, 60, 30]] * 2
    assert (coco["categories"], coco["images"][0]["width"]) == ([{"id": 1, "name": "blue ship"}], 200)
    run(capsys, "label", "export", labels.path, "--as", "folder", "--out", tmp_path / "mine", "--held-out", 0.5)
    sides = [list(Folder().load(tmp_path / name)) for name in ("mine-train", "mine-test")]
    assert [len(rows) for rows in sides] == [2, 2]
    assert {row.image for row in sides[0]}.isdisjoint(row.image for row in sides[1])
    run(capsys, "label", "export", labels.path, "--as", "lrs-gro", "--out", tmp_path / "rows.jsonl")
    row = json.loads((tmp_path / "rows.jsonl").read_text().splitlines()[0])
    assert list(row) == list(real_rows(1)[0])
    assert row["bbox"] == [102, 102, 410, 256]  # 20, 20, 80, 50 of 200 x 150
    assert (
        main(
            ["label", "export", str(labels.path), "--as", "folder", "--out", str(tmp_path / "mine"), "--held-out", "0.5", "--buffer", "2e5"]
        )
        == 2
    )
    assert "can't be split" in capsys.readouterr().err


def test_hugging_faces_datasets_read_the_export(labels, tmp_path, capsys):
    datasets = pytest.importorskip("datasets")
    list(propose(ScriptedEngine(PROFILE, [REPLY]), labels, targets(labels, whole=False), 4, "", 1, concurrent=False))
    accept_all(labels)
    assert run(capsys, "label", "export", labels.path, "--as", "datasets", "--out", tmp_path / "set")[0] == 0
    rows = datasets.Dataset.from_parquet(str(tmp_path / "set" / "train.parquet"), cache_dir=str(tmp_path / "cache"))
    assert rows[0]["boxes"] == [[20, 20, 80, 50]]
    assert rows[0]["answer"] == "blue"


def test_the_ground_of_an_image_is_known_in_degrees(rasters):
    west, south, east, north = bounds_of(examined(SceneSource(str(rasters / "a.tif"))))
    assert -93.01 < west < east < -92.99
    assert 41.5 < south < north < 41.6
    with Scene.open(str(rasters / "a.tif")) as scene:
        assert scene.size == (200, 150)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stats", "nothing.gpkg"], "does not exist"),
        (["merge", "one.gpkg", "--out", "x.gpkg"], "needs two label files"),
        (["propose", "x.gpkg", "--template", "--check"], "needs a model"),
        (["propose", "x.gpkg", "--concurrency", "3"], "is for a model on a server"),
        (["export", "x.gpkg", "--as", "lrs-gro", "--out", "y", "--held-out", "1"], "is not a share"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["label", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_key_in_a_servers_address_is_not_stored():
    several = "http://user:secret@example.org:8000/v1?key=abc https://two.org/v1 http://x:y/v1"
    assert hosts(Settings(remote=several)) == "example.org:8000 two.org "
