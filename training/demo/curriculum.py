"""The rows of one drawn scene that the demo model learns from: questions in two turns, calls of tools, marks in the views of a survey."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ...core.marks import request as mark_request
from ..scenes.marks import NOUNS, SIDES, asked_of, coarse_window, marks, places, survey_window
from ..scenes.questions import LEVELS, Question, ask
from ..scenes.render import VIEW, WHOLE, Window, crop_view, global_view, square_around
from ..scenes.requests import DONE, SPOILT, TOOLS, Request, ask_tool
from ..scenes.scene import SITES, Scene, make_scene
from ..scenes.spoil import Weather, clouded, clouds, edited, noisy, outlined, part_of, restored
from . import rows as pk
from .dense_heads import detail_targets, no_details, site_targets

MARKED = 5
"""Views of a survey in the rows of one scene: marks are what is learnt slowest, and such a view costs a fifth of the other rows."""
ANYWHERE = 2
"""Those of them that lie anywhere: nearly all views of a whole scene hold nothing, and a mark in every tenth would spoil its count."""
SURVEYED = (0.07, 0.1)
"""Sides of half of the views for marks, in scene units: in a survey, an object is about 32 pixels long."""
COARSE = 0.8
"""How often the rows of a scene have a coarse view, in which the places are marked where objects could be."""
CLOUDED = 6
"""Requests about a view under thick clouds, which are removed before the question is answered."""
ANSWERED = 2
"""Those of them that are followed to the answer; the others end with the box, which is harder to learn than what comes after it."""
ALIKE = {"boat": "ship", "ship": "boat", "car": "tractor", "tractor": "car"}
"""Things that are taken for each other: where one is asked for, the other is too."""
DETAIL_KINDS = {"count": 0.5, "exists": 0.1, "color": 0.12, "shape": 0.14, "heading": 0.14}


def rows_of(seed: int, two_turns: float, coder: pk.Coder) -> list[pk.Row]:
    """The training rows of one new scene. two_turns: the probability of the serving layout; else a global row and a crop row."""
    rng = random.Random(f"rows {seed}")
    scene = make_scene(seed)
    weather = Weather.draw(rng)
    exact, oversample = rng.random() < 0.35, rng.choice((2, 2, 3))
    sites = [s for s in scene.sites if ask(scene, "shape", rng, [s])]
    rng.shuffle(sites)
    row = pk.Row(weather.over(global_view(scene, oversample=oversample, exact=exact), WHOLE, rng), sites=site_targets(scene))
    start = pk.prefix(coder).at
    rows = [row]
    zooms = 1 if rng.random() < two_turns else 0
    for i, site in enumerate(sites[: 2 if zooms else 5]):
        questions = _about(scene, site, rng, 2 if i < zooms else 1)
        window = square_around(pk.jittered(site.box, rng, 0.9))
        picture = weather.over(crop_view(scene, window, exact=exact), window, rng) if i < zooms else None
        for question in questions:
            tokens = pk.first_turn(pk.asked(coder, start, question.text), coder, question)
            if picture is not None:
                pk.last_turn(pk.crop_turn(tokens, coder), coder, question, window)
                row.crops.append(picture)
                row.details.append(detail_targets(scene, window))
            row.branches.append(tokens)
    if not zooms and sites:
        site = sites[0]
        window = square_around(pk.jittered(site.box, rng, 1.5))
        picture = weather.over(crop_view(scene, window, exact=exact), window, rng)
        crop = pk.Row(picture, details=[detail_targets(scene, window)], prefix_is_crop=True)
        crop.branches = [pk.last_turn(pk.asked(coder, start, q.text), coder, q, window) for q in _about(scene, site, rng, 5)]
        rows.append(crop)
    for kind in ("sites", rng.choice(("site", "site", "terrain", "setting"))):  # the last two are learnt in minutes
        about_all = ask(scene, kind, rng)
        if about_all:
            row.branches.append(pk.last_turn(pk.asked(coder, start, about_all.text), coder, about_all, WHOLE))
    forced = ask(scene, rng.choice(list(LEVELS)), rng)
    if forced and rng.random() < 0.5:
        row.branches.append(pk.guess(pk.asked(coder, start, forced.text), coder, forced))
    for i, tool in enumerate(rng.sample(TOOLS, 2)):
        request = ask_tool(scene, tool, rng)
        if request:
            _add_request(row, scene, request, bool(zooms) and (i == 0 or tool in SPOILT), rng, coder)
    _ask_places(row, scene, WHOLE, rng, coder, 3)
    if zooms:
        rows.append(_clouded_view(scene, rng, coder))
    if rng.random() < COARSE:
        window = coarse_window(scene, rng)
        coarse = pk.Row(weather.over(crop_view(scene, window, exact=exact), window, rng), sites=site_targets(scene, window))
        rows.append(_ask_places(coarse, scene, window, rng, coder, 3))
    rows += [_marked_view(scene, weather, rng, coder, at < ANYWHERE) for at in range(MARKED)]
    return rows


def _ask_places(row: pk.Row, scene: Scene, window: Window, rng: random.Random, coder: pk.Coder, count: int) -> pk.Row:
    """Adds requests for the places where objects of up to `count` classes could be; most of them have some."""
    kinds = sorted(SITES)
    shown = [kind for kind in kinds if places(scene, NOUNS[kind], window)]
    for _ in range(count):
        kind = rng.choice(shown if shown and rng.random() < 0.7 else kinds)
        tokens = pk.asked(coder, pk.prefix(coder).at, mark_request(NOUNS[kind], places=True))
        row.branches.append(pk.mark_turn(tokens, coder, kind, places(scene, NOUNS[kind], window)))
    return row


def _add_request(row: pk.Row, scene: Scene, request: Request, made: bool, rng: random.Random, coder: pk.Coder) -> None:
    """Adds a branch with the call of a tool. made: with the picture that it makes, and the last turn."""
    question = request.question
    assert question.site is not None
    tokens = pk.tool_turn(pk.asked(coder, pk.prefix(coder).at, question.text), coder, request)
    if made and request.whole:
        _look_below(row, tokens, scene, question, restored(global_view(scene), rng), rng, coder)
    elif made:
        window = square_around(pk.jittered(question.site.box, rng, 0.9))
        picture = crop_view(scene, window)
        details = detail_targets(scene, window)
        if request.tool == "segmentation":
            picture = outlined(picture, question.site.box, window, rng)
        elif request.verb in ("remove", "blur", "pixelate"):
            picture, details = edited(picture, request.verb), no_details()
        else:
            picture = restored(picture, rng)
        pk.last_turn(pk.crop_turn(tokens, coder), coder, question, window)
        row.crops.append(picture)
        row.details.append(details)
    row.branches.append(tokens)


def _clouded_view(scene: Scene, rng: random.Random, coder: pk.Coder) -> pk.Row:
    """The scene under thick clouds, with requests to remove them."""
    alpha = clouds(np.random.default_rng(rng.getrandbits(32)), rng.uniform(0.15, 0.7), rng.uniform(0.6, 1.0))
    clear = global_view(scene)
    row, cleared = pk.Row(clouded(clear, part_of(alpha, WHOLE, (VIEW, VIEW)))), restored(clear, rng)
    for at in range(CLOUDED):
        if request := ask_tool(scene, "cloud-removal", rng):
            tokens = pk.tool_turn(pk.asked(coder, pk.prefix(coder).at, request.question.text), coder, request)
            _look_below(row, tokens, scene, request.question, cleared, rng, coder, at < ANSWERED)
            row.branches.append(tokens)
    return row


def _look_below(
    row: pk.Row,
    tokens: pk.Tokens,
    scene: Scene,
    question: Question,
    cleared: np.ndarray,
    rng: random.Random,
    coder: pk.Coder,
    answered: bool = True,
) -> None:
    """Adds to a call that removes clouds: the whole view without them and, where there is more to answer than that it is done, a zoom.

    answered: else the conversation ends with the zoom's box.
    """
    pk.crop_turn(tokens, coder)
    row.crops.append(cleared)
    row.details.append(no_details())
    window = WHOLE
    if question.answer != DONE:
        assert question.site is not None
        window = square_around(pk.jittered(question.site.box, rng, 0.9))
        pk.first_turn(tokens, coder, question)
        if not answered:
            return
        pk.crop_turn(tokens, coder)
        row.crops.append(restored(crop_view(scene, window), rng))
        row.details.append(detail_targets(scene, window))
    pk.last_turn(tokens, coder, question, window)


def _marked_view(scene: Scene, weather: Weather, rng: random.Random, coder: pk.Coder, anywhere: bool) -> pk.Row:
    """A view of a survey with requests to mark objects. anywhere: else it is likely to hold some."""
    window = survey_window(scene, rng, rng.choice((SIDES, SURVEYED)), anywhere)
    if not anywhere and not any(marks(scene, noun, window) for noun in NOUNS.values()):
        window = survey_window(scene, rng)
    picture = weather.over(crop_view(scene, window, oversample=rng.choice((1, 2)), exact=rng.random() < 0.5), window, rng)
    picture = noisy(picture, rng.uniform(0, 4), np.random.default_rng(rng.getrandbits(32)))  # a sensor's grain
    row = pk.Row(picture, details=[detail_targets(scene, window)], prefix_is_crop=True)
    nouns = asked_of(scene, window, rng) if not anywhere else rng.sample(sorted(NOUNS.values()), 3)
    for noun in dict.fromkeys([*nouns, *(ALIKE[noun] for noun in nouns if noun in ALIKE)]):
        tokens = pk.asked(coder, pk.prefix(coder).at, mark_request(noun))
        row.branches.append(pk.mark_turn(tokens, coder, noun, marks(scene, noun, window)))
    return row


def _about(scene: Scene, site: Any, rng: random.Random, count: int) -> list[Question]:
    """Up to `count` questions of different kinds about one site."""
    kinds = sorted(DETAIL_KINDS, key=lambda kind: rng.random() ** (1 / DETAIL_KINDS[kind]), reverse=True)
    asked = (ask(scene, kind, rng, [site]) for kind in kinds)
    return [question for question in asked if question][:count]
