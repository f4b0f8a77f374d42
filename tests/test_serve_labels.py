"""Proposals over the wire: a real child process writes what a model proposes into the label file as it comes."""

import json

import numpy as np
import pytest
from labelling import box
from rasters import make

from zoomearth.backend.labels.images import examined
from zoomearth.core.events import ProposeResult
from zoomearth.core.labels.file import LabelFile
from zoomearth.core.labels.rows import ACCEPTED, CANDIDATE
from zoomearth.core.protocol import read_event
from zoomearth.core.requests import Cancel, Propose
from zoomearth.core.source import SceneSource

REPLY = json.dumps(
    [
        {"question": "What colour is the hall?", "answer": "grey", "category": "Object color / pattern"},
        {"question": "Is the hall open?", "answer": "no", "category": "Object state / motion / activity"},
    ]
)


@pytest.fixture
def labels(tmp_path):
    """A file with a raster and five boxes."""
    scene = make(tmp_path / "works.tif", np.random.default_rng(0).integers(0, 255, (3, 600, 800), dtype=np.uint8))
    with LabelFile.open(tmp_path / "labels.gpkg", "Ada", new=True) as labels:
        image = examined(SceneSource(str(scene)))
        labels.add(image, *(box(image, 100 * at, 50, 100 * at + 80, 120, label=f"hall {at}") for at in range(5)))
        yield labels


def start(backend, labels, **settings):
    id = backend.id()
    backend.request(Propose(str(labels.path), id=id, **settings))
    return id


def test_each_reply_is_in_the_file_as_it_comes(backend, labels):
    backend.scripted(REPLY)
    result = read_event(backend.last(start(backend, labels, at_once=1))).result
    assert result == ProposeResult(5, 10, 0)
    told = [read_event(event) for event in backend.history if event["event"] == "proposed"]
    assert [(each.done, each.total, each.candidates) for each in told] == [(at, 5, 2 * at) for at in range(6)]
    questions = labels.questions()
    assert {(each.verdict, each.maker, each.level) for each in questions} == {(CANDIDATE, "scripted", "object")}
    assert len({each.proposal for each in questions}) == 5
    again = read_event(backend.last(start(backend, labels))).result
    assert again == ProposeResult(0, 0, 0), "every box has a reply already"


def test_one_box_or_the_whole_image_is_asked_about_again_and_decisions_stay(backend, labels):
    backend.scripted(REPLY)
    first = labels.boxes()[0]
    assert read_event(backend.last(start(backend, labels, image=first.image, box=first.id))).result == ProposeResult(1, 2, 0)
    labels.accept(labels.next().id)
    assert read_event(backend.last(start(backend, labels, image=first.image, box=first.id))).result == ProposeResult(1, 1, 0)
    assert [each.verdict for each in labels.asked(first.image, first.id)] == [ACCEPTED, CANDIDATE]
    assert read_event(backend.last(start(backend, labels, image=first.image))).result == ProposeResult(1, 2, 0)
    assert [each.level for each in labels.asked(first.image)] == ["global"] * 2


def test_candidates_are_checked_blindly_and_again_for_two_more_flags(backend, labels):
    first = labels.boxes()[0]
    backend.scripted(REPLY, "<answer>grey</answer>", "<answer>no</answer>", "<answer>grey</answer>", "<answer>yes</answer>")
    result = read_event(backend.last(start(backend, labels, image=first.image, box=first.id, check=True, at_once=1))).result
    assert result == ProposeResult(1, 2, 0)
    checked = labels.questions()
    assert all(each.blind is not None and each.second is not None for each in checked)
    assert any(event.get("stage") == "checking" for event in backend.history)


def test_after_a_cancel_the_same_request_goes_on(backend, labels):
    backend.scripted(f"{' '.join(f'hall {number}' for number in range(40))} {REPLY}", pace=0.01)
    id = start(backend, labels, at_once=1)
    while read_event(backend.until("proposed", id=id)).done == 0:
        pass
    backend.request(Cancel(id))
    assert backend.last(id)["event"] == "cancelled"
    kept = [each.id for each in labels.questions()]
    assert 2 <= len(kept) < 10
    backend.scripted(REPLY)
    result = read_event(backend.last(start(backend, labels))).result
    assert result.candidates == 10 - len(kept)
    assert [each.id for each in labels.questions()][: len(kept)] == kept


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda labels, scene: scene.unlink(), "is not there"),
        (lambda labels, scene: scene.write_bytes(scene.read_bytes() + b"x"), "has changed"),
    ],
)
def test_a_raster_that_moved_or_changed_is_named(backend, labels, tmp_path, spoil, message):
    spoil(labels, tmp_path / "works.tif")
    backend.scripted(REPLY)
    result = read_event(backend.last(start(backend, labels))).result
    assert (result.places, result.candidates, result.failed) == (0, 0, 5)
    assert message in result.why


def test_a_file_without_labels_is_one_sentence(backend, tmp_path, labels):
    (tmp_path / "other.gpkg").write_bytes(b"no database")
    backend.scripted(REPLY)
    id = backend.id()
    backend.request(Propose(str(tmp_path / "other.gpkg"), id=id))
    last = read_event(backend.last(id))
    assert "other.gpkg" in last.message
    assert last.hint


def test_thoughts_are_written_over_the_wire_for_one_question_and_for_all(backend, labels):
    backend.scripted(REPLY)
    first = labels.boxes()[0]
    read_event(backend.last(start(backend, labels, image=first.image, box=first.id)))
    one, other = (each.id for each in labels.questions())
    labels.accept(one)
    labels.accept(other)
    backend.scripted('{"locate": "On the left.", "reason": "It is grey."}')
    result = read_event(backend.last(start(backend, labels, thoughts=True, question=one))).result
    assert result == ProposeResult(1, 1, 0)
    assert [each.thoughts for each in labels.questions()] == [("On the left.", "It is grey."), ()]
    assert read_event(backend.last(start(backend, labels, thoughts=True))).result == ProposeResult(1, 1, 0), "the other one lacked them"
    told = [read_event(event) for event in backend.history if event["event"] == "proposed"]
    assert [(each.done, each.total, each.candidates) for each in told][-2:] == [(0, 1, 0), (1, 1, 1)]
