"""Two annotators: how far they agree, where they differ, and how a difference is settled."""

from dataclasses import replace

import pytest
from labelling import filled

from zoomearth.core.labels import review
from zoomearth.core.labels.agreement import compare, kappa, pair_of, settle
from zoomearth.core.labels.file import LabelFile
from zoomearth.core.labels.rows import ACCEPTED, CANDIDATE, REASONS, REJECTED, Question


def test_the_agreement_of_two_annotators(tmp_path):
    path = tmp_path / "labels.gpkg"
    with filled(path, count=4) as ada, LabelFile.open(path, "Ben") as ben:
        ids = [each.id for each in ada.questions()]
        for id in ids[:3]:
            ada.accept(id)
        ada.reject(ids[3])
        seen = []
        while (second := ben.next_for_second(seen[-1] if seen else "")) and second.id not in seen:
            assert (second.verdict, second.annotator) == (CANDIDATE, "")  # the first verdict is not shown
            seen.append(second.id)
            ben.edit(second.id, answer="red") if len(seen) == 1 else ben.reject(second.id) if len(seen) > 2 else ben.accept(second.id)
        assert seen == ids
        ship = ben.boxes()[0]
        ben.change(replace(ship, sides=(100.0, 100.0, 150.0, 160.0)))
        found = compare(ben, "Ada", "Ben").agreement()
    assert (found.questions, found.exact, found.boxes, found.iou) == (4, 0.5, 1, 0.5)
    assert found.kappa == pytest.approx(0.5)


def decided_by_two(path):
    """Four questions: both accept the first, with two answers; the second and the third differ in the verdict; both reject the last."""
    with filled(path, count=4) as ada, LabelFile.open(path, "Ben") as ben:
        ids = [each.id for each in ada.questions()]
        for id, answer in zip(ids, ("blue", "white", "grey", "")):
            ada.edit(id, answer=answer) if answer else ada.reject(id)
        ben.edit(ids[0], answer="red")
        for id in ids[1:]:
            ben.reject(id, REASONS[2])
        return ids


def test_what_a_third_person_settles_is_logged_and_the_agreement_follows(tmp_path):
    first, second, third, _ = decided_by_two(tmp_path / "labels.gpkg")
    with LabelFile.open(tmp_path / "labels.gpkg", "Eve") as eve:
        both = compare(eve, "Ada", "Ben")
        pairs = {pair.id: pair for pair in both.differences()}
        assert list(pairs) == [first, second, third]
        before = both.agreement()
        assert (before.questions, before.exact, before.open) == (4, 0.0, 3)
        settle(eve, pairs[first].second)
        settle(eve, pairs[second].second)
        settle(eve, replace(pairs[third].first, answer="silver", edited=True))
        for id in pairs:
            both.put(id, pair_of(eve, "Ada", "Ben", id))
        assert [pair.settled.answer for pair in both.differences()] == ["red", "white", "silver"]
        assert {pair.settled.annotator for pair in both.differences()} == {"Eve"}
        rows = {each.id: each for each in eve.questions()}
        assert [(rows[id].verdict, rows[id].answer, rows[id].annotator) for id in (first, second, third)] == [
            (ACCEPTED, "red", "Eve"), (REJECTED, "white", "Eve"), (ACCEPTED, "silver", "Eve"),
        ]  # fmt: skip
        assert rows[second].reason == REASONS[2]
        assert both.agreement() == replace(before, open=0), "how far they agreed by themselves stays"
        assert (both.agreement(settled=True).kappa, both.agreement(settled=True).exact) == (1.0, 1.0)
        event = eve.latest()
        assert (event.what, event.annotator, event.target, event.before["answer"]) == ("settle", "Eve", third, "grey")
        assert event.time.startswith("20")
        afresh = compare(eve, "Ada", "Ben")
        for settled in (False, True):
            assert afresh.agreement(settled) == both.agreement(settled), "one row read again is the same as the whole log read again"
        assert afresh.pairs == both.pairs


def test_a_settlement_is_undone_alone_and_one_of_the_two_may_think_better_of_it(tmp_path):
    first, second, *_ = decided_by_two(tmp_path / "labels.gpkg")
    with LabelFile.open(tmp_path / "labels.gpkg", "Ada") as ada:
        mine = {pair.id: pair.first for pair in compare(ada, "Ada", "Ben").differences()}
        settle(ada, mine[first])
        settle(ada, mine[second])
        assert ada.get(Question, second).verdict == ACCEPTED
        assert ada.undo("settle") == "settle"
        assert ada.get(Question, second).verdict == REJECTED, "as Ben had left it"
        found = {pair.id: pair for pair in compare(ada, "Ada", "Ben").differences()}
        assert [found[id].settled is None for id in (first, second)] == [False, True]
        assert found[second].first.verdict == ACCEPTED, "Ada's own decision still counts"
        ada.undo("settle")
        assert ada.undo("settle") is None, "her own decisions are no settlements"
        settle(ada, mine[first])
        with LabelFile.open(tmp_path / "labels.gpkg", "Ben") as ben:
            ben.edit(first, answer="dark red")
        assert compare(ada, "Ada", "Ben").differences()[0].settled is None, "Ben has looked again"


def test_a_box_that_two_people_draw_differently_is_settled_too(tmp_path):
    path = tmp_path / "labels.gpkg"
    with filled(path) as ada, LabelFile.open(path, "Ben") as ben:
        (ship,) = ada.boxes()
        ben.change(replace(ship, sides=(100.0, 100.0, 150.0, 160.0), level="region"), what="box")
        ada.accept(ada.questions()[0].id)
        (pair,) = compare(ada, "Ada", "Ben").differences()
        assert (pair.iou, pair.drawn) == (0.5, True)
        settle(ada, pair.second)
        assert ada.boxes()[0].sides == (100.0, 100.0, 150.0, 160.0)
        assert {each.level for each in ada.questions()} == {"region"}
        both = compare(ada, "Ada", "Ben")
        assert [pair.settled.level for pair in both.differences()] == ["region"]
        assert (both.agreement().iou, both.agreement(settled=True).iou) == (0.5, 1.0)
        assert ada.undo("settle")
        assert ada.boxes()[0].sides == (100.0, 100.0, 150.0, 160.0), "Ben's, as before"
        assert {each.level for each in ada.questions()} == {"object"}
        ben.remove(ship.id)
        assert compare(ada, "Ada", "Ben").differences() == [], "what is gone needs no decision"


def test_a_words_change_by_one_is_no_decision_and_a_moved_level_takes_none_away(tmp_path):
    path = tmp_path / "labels.gpkg"
    with filled(path) as ada, LabelFile.open(path, "Ben") as ben:
        (id, *_) = (each.id for each in ada.questions())
        ada.accept(id)
        ben.reject(id)
        review.redrawn(ada, ada.boxes()[0].id, level="region")
        found = compare(ada, "Ada", "Ben")
        assert [(pair.first.verdict, pair.second.verdict) for pair in found.differences()] == [(ACCEPTED, REJECTED)]
        assert (found.agreement().boxes, found.agreement().iou) == (0, None), "Ben has drawn no box"


def test_a_second_pass_shows_again_what_was_undone_in_it(tmp_path):
    path = tmp_path / "labels.gpkg"
    with filled(path, count=1) as ada, LabelFile.open(path, "Ben") as ben:
        ada.accept(ada.questions()[0].id)
        ben.reject(ben.next_for_second().id)
        assert ben.next_for_second() is None
        shown = review.undo(ben, second=True)
        assert (shown.question.verdict, shown.question.annotator) == (CANDIDATE, ""), "how Ada has decided is not shown"
        assert ben.next_for_second() == shown.question


def test_kappa_is_that_of_the_textbook():
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([]) is None
    assert kappa([("a", "a")] * 3) is None


def test_a_second_person_sees_the_candidate_and_not_what_the_first_has_made_of_it(tmp_path):
    path = tmp_path / "labels.gpkg"
    with filled(path, count=1) as ada, LabelFile.open(path, "Ben") as ben:
        ada.edit(ada.questions()[0].id, answer="red", category="Own")
        shown = ben.next_for_second()
        assert (shown.answer, shown.category, shown.verdict) == ("blue", "Object color / pattern", CANDIDATE)
        assert review.again(ben, shown).question.answer == "blue"
        ben.accept(shown.id, question=shown.question, answer=shown.answer, category=shown.category)
        (pair,) = compare(ben, "Ada", "Ben").differences()
        assert (pair.first.answer, pair.second.answer) == ("red", "blue")
        assert review.undo(ben, second=True).question.answer == "blue"
        assert ben.questions()[0].answer == "red", "Ada's, as before"
