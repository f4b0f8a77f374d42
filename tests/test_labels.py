"""The label file: nothing is lost, undo is the inverse, two people's work merges; flags and balance on real rows."""

import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from labelling import box, filled, image, question, real_rows

from zoomearth.core.errors import DataError
from zoomearth.core.geometry import Box
from zoomearth.core.labels import lrs_gro, proposal
from zoomearth.core.labels.agreement import compare
from zoomearth.core.labels.balance import ask_next, balance
from zoomearth.core.labels.file import LabelFile, is_label_file
from zoomearth.core.labels.flags import (
    BLIND,
    COORDINATES,
    DISAGREE,
    DUPLICATE,
    GEOMETRY,
    GIVEN,
    LONG,
    flags,
    flags_of_all,
)
from zoomearth.core.labels.log import Change
from zoomearth.core.labels.merge import merge
from zoomearth.core.labels.rows import ACCEPTED, CANDIDATE, REJECTED, UNSURE, LabelBox, LabelImage, Question, checksum_of
from zoomearth.core.labels.split import groups, held_out
from zoomearth.core.look import Policy, Unreadable
from zoomearth.core.source import SceneSource

CHILD = Path(__file__).with_name("labelling.py")


@pytest.fixture(scope="module")
def real():
    """The labels of all real rows."""
    rows = [lrs_gro.label(row, lambda name: LabelImage.of(SceneSource(name))) for row in real_rows()]
    boxes = {found.id: found for _, found, _ in rows if found}
    return [made for _, _, made in rows], list(boxes.values()), list({scene.id: scene for scene, _, _ in rows}.values())


def state(labels):
    """Everything but the log."""
    return labels.images(), labels.boxes(), labels.questions()


def test_a_label_file_is_a_geopackage_that_other_programs_read(tmp_path):
    import pyogrio

    with filled(tmp_path / "labels.gpkg") as labels:
        scene = image("turned.tif", crs="EPSG:4326", wkt="", affine=(9.0, 1e-5, 1e-6, 45.0, 1e-6, -1e-5))
        labels.add(scene, box(scene), box(image()))
        plain = image("plain.png", affine=None, crs="")
        labels.add(plain, box(plain, 10, 20, 30, 50))
    layers = dict(pyogrio.list_layers(tmp_path / "labels.gpkg"))
    assert {"boxes_32615", "boxes_4326", "boxes_without_crs", "questions", "events"} <= set(layers)
    info = pyogrio.read_info(tmp_path / "labels.gpkg", layer="boxes_32615")
    assert (info["crs"], info["features"], info["geometry_type"]) == ("EPSG:32615", 2, "Polygon")
    assert pyogrio.read_bounds(tmp_path / "labels.gpkg", layer="boxes_32615")[1][:, 0].tolist() == [500_050, 4_599_920, 500_100, 4_599_950]
    assert pyogrio.read_bounds(tmp_path / "labels.gpkg", layer="boxes_without_crs")[1][:, 0].tolist() == [10, -50, 30, -20]


def test_a_killed_process_loses_nothing_that_was_done(tmp_path):
    path = tmp_path / "labels.gpkg"
    filled(path, count=2000).close()
    with subprocess.Popen([sys.executable, str(CHILD), str(path)], stdout=subprocess.PIPE, text=True) as child:
        done = [child.stdout.readline().strip() for _ in range(25)]
        os.kill(child.pid, signal.SIGKILL)
        done += child.stdout.read().split()
    with LabelFile.open(path, "Ada") as labels:
        accepted = [each.id for each in labels.questions(verdict=ACCEPTED)]
        assert accepted[: len(done)] == done
        assert 25 <= len(done) <= len(accepted) <= len(done) + 1  # the last one may be stored and not yet reported
        assert labels.counts()[CANDIDATE] == 2000 - len(accepted)
        assert labels.undo() == ACCEPTED
        assert labels.next().id == accepted[-1]
    with sqlite3.connect(path) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


ACTS = st.lists(st.sampled_from(["accept", "reject", "unsure", "edit", "box", "draw", "remove", "again"]), min_size=3, max_size=8)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
def test_undo_is_the_inverse_of_every_action_of_a_person(tmp_path, acts):
    path = tmp_path / "undo.gpkg"
    path.unlink(missing_ok=True)
    with filled(path) as labels:
        before = [state(labels)]
        for at, act in enumerate(acts):
            questions, boxes = labels.questions(), labels.boxes()
            chosen = questions[at % len(questions)].id if questions else None
            if act == "draw" or not boxes:
                labels.add(box(image(), 5 + at, 5, 90, 90))
            elif act == "box":
                labels.change(replace(boxes[0], sides=(1.0, 2.0, 300.0 + at, 400.0), label="'ship'"))
            elif act == "remove":
                labels.remove(boxes[0].id)
            elif not chosen:
                continue
            elif act == "edit":
                labels.edit(chosen, question=f"Edited {at}?", answer="x")
            elif act == "again":
                labels.accept(chosen)
                before.append(state(labels))
                labels.reject(chosen, "ambiguous question")
            else:
                getattr(labels, act)(chosen)
            before.append(state(labels))
        count = len(list(labels.events()))
        for expected in reversed(before[:-1]):
            labels.undo()
            assert sorted(map(repr, itertools.chain(*state(labels)))) == sorted(map(repr, itertools.chain(*expected)))
        assert len(list(labels.events())) > count


def test_undo_ends_at_the_first_action_and_tells_what_it_undid(tmp_path):
    with filled(tmp_path / "labels.gpkg", count=1) as labels:
        labels.accept(labels.next().id)
        assert [labels.undo(), labels.undo(), labels.undo()] == [ACCEPTED, "add", None]
        assert (labels.boxes(), labels.questions()) == ([], [])  # the box that Ada drew, with its candidates
        assert len(labels.images()) == 1


def test_the_drawing_of_a_box_is_not_undone_under_anothers_decision(tmp_path):
    path = tmp_path / "labels.gpkg"
    with filled(path, count=1) as labels, LabelFile.open(path, "Ben") as other:
        other.accept(other.next().id)
        with pytest.raises(DataError, match="were decided"):
            labels.undo()
        assert len(labels.questions()) == 1


def test_undo_leaves_what_another_person_changed_since(tmp_path):
    path = tmp_path / "labels.gpkg"
    with filled(path, count=1) as labels:
        id = labels.next().id
        labels.accept(id)
        with LabelFile.open(path, "Ben") as other:
            other.edit(id, answer="red")
        with pytest.raises(DataError, match="changed since by another person"):
            labels.undo()
        assert labels.get(Question, id).answer == "red"


def test_a_decision_on_an_old_state_is_not_written(tmp_path):
    path = tmp_path / "labels.gpkg"
    with filled(path, count=1) as labels, LabelFile.open(path, "Ben") as other:
        old = labels.next()
        other.edit(old.id, answer="red")
        with pytest.raises(DataError, match="changed by another program just now"):
            labels.append([], [Change("question", old, replace(old, verdict=ACCEPTED))])
        assert labels.get(Question, old.id).answer == "red"


def test_the_log_can_only_be_appended_to(tmp_path):
    filled(tmp_path / "labels.gpkg").close()
    with sqlite3.connect(tmp_path / "labels.gpkg") as file:
        for statement in ("DELETE FROM events", "UPDATE events SET annotator = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="only appended"):
                file.execute(statement)


def test_new_candidates_replace_candidates_only(tmp_path):
    with filled(tmp_path / "labels.gpkg", count=5) as labels:
        ship = labels.boxes()[0]
        first, second, third, fourth, _ = labels.questions()
        labels.accept(first.id)
        labels.reject(second.id, "not visible")
        labels.unsure(third.id)
        labels.edit(fourth.id, question="Edited?", verdict=CANDIDATE)
        kept = labels.questions()[:4]
        added = labels.regenerate(ship.image, ship.id, [question(ship, text) for text in ("question 1", "New?", "Edited?", " new? ")])
        assert labels.questions() == [*kept, *added]
        assert [each.question for each in added] == ["New?"]


def test_an_annotators_name_and_a_category_may_have_any_letters(tmp_path):
    name, category = "O'Neil \"; DROP TABLE events; --", "Object / 'part' \\ ü"
    with filled(tmp_path / "labels.gpkg", annotator=name) as labels:
        labels.edit(labels.next().id, category=category)
        assert labels.questions(verdict=ACCEPTED)[0].category == category
        assert labels.annotators() == [name]


def test_a_full_disk_is_a_sentence_and_nothing_is_lost(tmp_path):
    with filled(tmp_path / "labels.gpkg") as labels:
        before, events = state(labels), len(list(labels.events()))
        pages = labels._file.execute("PRAGMA page_count").fetchone()[0]
        labels._file.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(DataError, match="the disk is full") as error:
            labels.edit(labels.next().id, answer="x" * 100_000)
        assert "Make room" in error.value.hint
        assert (state(labels), len(list(labels.events()))) == (before, events)
        labels._file.execute("PRAGMA max_page_count = 1000000")
        labels.edit(labels.next().id, answer="y")


@pytest.mark.parametrize(("version", "words"), [(99, "a newer version: 99"), (0, "an older version: 0")])
def test_a_file_of_another_version_is_refused_and_stays_as_it_is(tmp_path, version, words):
    path = tmp_path / "labels.gpkg"
    filled(path).close()
    with sqlite3.connect(path) as file:
        file.execute("UPDATE label_file SET version = ?", (version,))
    file.close()
    before = path.read_bytes()
    with pytest.raises(DataError, match=words):
        LabelFile.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("content", "words"), [(b"no database at all, of any kind" * 9, "not a GeoPackage"), (b"", "without labels")])
def test_another_file_is_refused(tmp_path, content, words):
    path = tmp_path / "x.gpkg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        LabelFile.open(path)
    assert not is_label_file(path)
    assert path.read_bytes() == content


def test_another_program_that_writes_is_waited_for_and_then_named(tmp_path, monkeypatch):
    monkeypatch.setattr("zoomearth.core.labels.connection.PATIENCE", 0.1)
    path = tmp_path / "labels.gpkg"
    with filled(path) as labels, sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DataError, match="another program is using it"):
            labels.accept(labels.next().id)
        other.execute("ROLLBACK")
        labels.accept(labels.next().id)


def test_a_raster_that_moved_or_changed_is_named_and_can_be_found_again(tmp_path):
    raster = tmp_path / "scene.tif"
    raster.write_bytes(b"pixels" * 1000)
    scene = LabelImage.of(SceneSource(str(raster)), width=10, height=10, checksum=checksum_of(str(raster)))
    with LabelFile.open(tmp_path / "labels.gpkg", "Ada", new=True) as labels:
        labels.add(scene)
        labels.check_image(scene)
        moved = raster.rename(tmp_path / "moved.tif")
        with pytest.raises(DataError, match="was moved"):
            labels.check_image(scene)
        other = tmp_path / "other.tif"
        other.write_bytes(b"others" * 1000)
        with pytest.raises(DataError, match="not the raster that was labelled"):
            labels.move_image(scene.id, str(other))
        labels.move_image(scene.id, str(moved))
        assert labels.get(LabelImage, scene.id).path == str(moved)
        moved.write_bytes(b"pixels" * 999 + b"PIXELS")
        with pytest.raises(DataError, match="has changed"):
            labels.check_image(labels.get(LabelImage, scene.id))


@pytest.fixture
def two(tmp_path):
    """The files of two people who began with the same three candidates."""
    filled(tmp_path / "a.gpkg", annotator="").close()
    (tmp_path / "b.gpkg").write_bytes((tmp_path / "a.gpkg").read_bytes())
    with LabelFile.open(tmp_path / "a.gpkg", "Ada") as ada, LabelFile.open(tmp_path / "b.gpkg", "Ben") as ben:
        yield ada, ben


def test_two_peoples_files_merge_by_id(two):
    ada, ben = two
    first, second, third = ada.questions()
    ada.accept(first.id)
    ada.edit(second.id, answer="red")
    drawn = box(image(), 300, 300, 400, 400, annotator="Ben")
    ben.add(drawn, question(drawn, "Ben's?"))
    ben.reject(second.id)
    ben.regenerate(first.image, first.box, [])  # a program removes what Ada has accepted, and the third, which nobody has
    done = merge(ada, ben)
    assert (done.added, set(done.conflicts)) == (2, {second.id})
    merged = {each.id: each for each in ada.questions()}
    assert merged[first.id].verdict == ACCEPTED
    assert merged[second.id].verdict == REJECTED  # Ben was later; the log keeps Ada's
    assert third.id not in merged
    assert [each.question for each in ada.questions(box=drawn.id)] == ["Ben's?"]
    assert merge(ada, ben) == type(done)(0, 0, 0, ())
    assert [(pair.first.answer, pair.second.verdict) for pair in compare(ada, "Ada", "Ben").differences()] == [("red", REJECTED)]
    merge(ben, ada)
    assert sorted(map(repr, ben.questions())) == sorted(map(repr, ada.questions()))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"question": "What is the blue ship's colour?", "answer": "The blue"}, GIVEN),
        ({"question": "Is the ship blue or red?", "answer": "blue"}, None),
        ({"question": "Are there any ships, yes?", "answer": "yes"}, None),
        ({"answer": "a large ship near long piers"}, LONG),
        ({"answer": "the port of a city"}, None),
        ({"question": "What lies at [120, 340, 200, 400]?"}, COORDINATES),
        ({"question": "What lies at x=12?"}, COORDINATES),
        ({"question": "Are there 1,200 ships or more?", "answer": "no"}, None),
        ({"blind": "Blue."}, BLIND),
        ({"blind": "red"}, None),
        ({"second": "red"}, DISAGREE),
        ({"second": "a blue"}, None),
        ({"question": "What is the bottom-right ship for?"}, GEOMETRY),
        ({"question": "What is the top-left ship for?"}, None),
        ({"question": "What is the south-easternmost ship for?"}, GEOMETRY),
        ({"question": "What is located to the right of the ship?"}, None),
        ({"question": "Is the ship on the left or on the right?", "answer": "left"}, None),
    ],
)
def test_flags(given, name):
    ship = box(image())  # in the top left of the image
    asked = replace(question(ship, "What colour does it have?"), **given)
    assert [flag.name for flag in flags(asked, ship, image(), [asked], [ship])] == ([name] if name else [])


def test_flags_that_need_the_other_questions_and_boxes():
    scene = image()
    ship, above = box(scene, label="topmost ship"), box(scene, 100, 10, 200, 60, label="grey ship")
    asked = question(ship, "What is it?")
    assert [flag.name for flag in flags(asked, ship, scene, [question(ship, " what IS it ")], [ship, above])] == [DUPLICATE, GEOMETRY]
    assert not flags(asked, above, scene, [question(above, "what is it")], [ship, above])


def test_north_is_where_the_map_has_it():
    scene = image(affine=(500_000.0, 0.5, 0.0, 4_600_000.0, 0.0, 0.5))  # south up
    ship = box(scene)
    assert [flag.name for flag in flags(question(ship, "What is the northern ship?"), ship, scene)] == [GEOMETRY]
    assert not flags(question(ship, "What is the southern ship?"), ship, scene)
    assert not flags(question(ship, "What is the top ship?"), ship, scene)


def test_the_blind_guess_on_the_real_rows_is_the_published_one(real):
    found = balance(real[0])
    assert round(100 * found.all.blind, 1) == 23.1
    assert [(line.name, round(100 * line.blind, 1)) for line in found.levels] == [("global", 33.5), ("object", 17.8), ("region", 24.2)]
    assert (found.all.yes, found.all.no, found.all.questions) == (519, 360, 6622)


def test_few_of_the_real_rows_are_flagged(real):
    flagged = flags_of_all(*real)
    assert 0.03 < len(flagged) / len(real[0]) < 0.05


def test_what_to_ask_next_is_what_is_least_filled(real):
    assert ask_next(real[0], "object", 2) == ["Object category", "Object existence"]
    assert ask_next([], "region", 1) == ["Counting"]


def test_a_row_of_lrs_gro_comes_out_as_it_went_in(tmp_path):
    rows = [*real_rows(200), {**real_rows(1)[0], "label": "a", "question_id": "x", "unknown": [1]}]
    with LabelFile.open(tmp_path / "labels.gpkg", new=True) as labels:
        new = {}
        for row in rows:
            new.update({each.id: each for each in lrs_gro.label(row, lambda name: LabelImage.of(SceneSource(name))) if each})
        labels.add(*sorted(new.values(), key=lambda row: [LabelImage, LabelBox, Question].index(type(row))))
        out = list(lrs_gro.rows(labels))
    assert [json.dumps(row) for row in out] == [json.dumps(row) for row in rows]


@pytest.mark.parametrize(
    "change",
    [
        {"bbox": [5, 5, 1, 9]},
        {"bbox": "x"},
        {"question": " "},
        {"ground_truth": None},
        {"image_name": 1.5},
        {"question": "\ud83d"},
        {"bbox": [0, 0, 1e99, 5]},
    ],
)
def test_a_bad_row_says_why(change):
    with pytest.raises(lrs_gro.BadRow, match=r"^(it|its) "):
        lrs_gro.label({**real_rows(1)[0], **change}, lambda name: LabelImage.of(SceneSource(name)))


SCENES = {
    "a": (0.0, 0.0, 0.01, 0.01),
    "b": (0.0105, 0.0, 0.02, 0.01),  # 55 m from a
    "c": (0.03, 0.0, 0.04, 0.01),
    "d": (-179.9995, 0.0, -179.99, 0.01),
    "e": (179.99, 0.0, 179.9999, 0.01),  # beside d
    "f": None,
}


def test_images_that_are_close_stay_together():
    images = {name: image(f"{name}.tif") for name in SCENES}
    assert sorted(map(sorted, groups(images, SCENES, 0))) == [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]
    assert sorted(map(sorted, groups(images, SCENES, 120))) == [["a", "b"], ["c"], ["d", "e"], ["f"]]
    images["f"] = replace(images["a"], id="f", bands=(1,))  # the same file
    assert ["a", "b", "f"] in sorted(map(sorted, groups(images, SCENES, 120)))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 0.2), st.floats(0, 0.2), st.integers(1, 9)), min_size=1, max_size=20),
    st.floats(0.05, 0.9),
    st.floats(0, 2000),
)
def test_no_ground_is_on_both_sides(places, share, buffer):
    bounds = {str(at): (x, y, x + 0.01, y + 0.01) for at, (x, y, _) in enumerate(places)}
    images = {name: image(f"{name}.tif") for name in bounds}
    out = held_out(images, bounds, {str(at): weight for at, (_, _, weight) in enumerate(places)}, share, buffer)
    metres = buffer / 111_320
    for inside in out:
        for outside in images.keys() - out:
            a, b = bounds[inside], bounds[outside]
            assert b[0] > a[2] + metres or b[2] < a[0] - metres or b[1] > a[3] + metres or b[3] < a[1] - metres


REPLY = [
    {"question": "What colour is it?", "answer": "blue", "category": "object COLOR / pattern", "thoughts": "It is blue."},
    {"question": "Is it moving?", "answer": True},
]


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps(REPLY),
        "<think>[{}]</think>Here:\n```json\n" + json.dumps({"questions": REPLY}, indent=1) + "\n```",
        "\n".join(map(json.dumps, REPLY)),
        json.dumps({"items": REPLY})[:-2],  # cut off
    ],
)
def test_a_reply_is_read_in_every_usual_form(reply):
    first, second = proposal.parse(reply, ["Object color / pattern"])
    assert first == ("What colour is it?", "blue", "Object color / pattern", "It is blue.")
    assert second[:2] == ("Is it moving?", "yes")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["question", "answer", "q", "x"]), inner, max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(), JSON.map(json.dumps), st.text(alphabet='{}[]":,\\question answer', max_size=200)), st.integers(0, 200))
def test_any_reply_is_read(reply, cut):
    for text in (reply, reply[:cut], reply * 3):
        for each in proposal.parse(text):
            assert each.question.strip()
            assert each.answer.strip()
            (each.question + each.answer).encode()


@pytest.mark.parametrize("reply", ["{" * 100_000, '{"a":' * 50_000, "[" * 100_000 + "{", '{"question": ' + "9" * 5000 + "}"])
def test_a_reply_of_nonsense_is_read_soon(reply):
    assert proposal.parse(reply) == []


def test_a_model_is_shown_the_whole_the_crop_and_the_enlarged_box():
    flow = proposal.showing("Propose.", Box(100, 100, 140, 120))((4000, 3000), Policy(view=280, least=280))
    whole, crop, patch = next(flow), flow.send(None), flow.send(None)
    assert (whole.text, whole.begins, whole.more, crop.more, patch.more) == ("Propose.", True, True, True, False)
    assert whole.view.window == Box(0, 0, 4000, 3000)
    assert crop.view.window.width >= 280
    assert (patch.view.window, patch.view.size) == (Box(100, 100, 140, 120), (280, 140))
    with pytest.raises(StopIteration) as end:
        flow.send(Unreadable("no answer"))
    assert len(end.value.value.views) == 3


def test_unsure_is_a_verdict_and_the_next_candidate_comes_behind_it(tmp_path):
    with filled(tmp_path / "labels.gpkg") as labels:
        first, second, third = labels.questions()
        labels.unsure(first.id)
        assert labels.next(first.id).id == second.id
        assert labels.next(third.id).id == second.id  # from the beginning again
        assert labels.counts() == {UNSURE: 1, CANDIDATE: 2}
        assert [each.id for _, each in labels.page(labels.page(limit=1)[-1][0], 5)] == [second.id, third.id]
