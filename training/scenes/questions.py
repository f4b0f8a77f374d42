"""Questions about drawn scenes, with answers, the box to zoom to, and the short thoughts before zoom and answer.

Three levels, as in LRS-GRO: global (the global view is enough), region (one site, several objects), object (an attribute of objects).
First an answer is drawn at random, then a site with this answer, so that a blind guess does not help. Thoughts give coordinates before the
answer ("planes at (34, 50) (90, 20)"): this is dense supervision, and the count follows from it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from .scene import HEADINGS, MOST, SITES, TERRAIN, Scene, Site

Spot = tuple[float, float]
Pointing = Callable[[Spot], tuple[int, int]]
"""From scene units to whole pixels of the picture that is shown."""

LEVELS = {
    "terrain": "global",
    "setting": "global",
    "sites": "global",
    "site": "global",
    "count": "region",
    "exists": "region",
    "color": "object",
    "shape": "object",
    "heading": "object",
}
"""Kinds of questions and their level."""
KINDS = {level: [kind for kind, at in LEVELS.items() if at == level] for level in ("global", "region", "object")}

WORDINGS: dict[str, tuple[str, ...]] = {
    "terrain": (
        "what terrain is this?",
        "what is the terrain of the scene?",
        "what kind of terrain surrounds the sites?",
    ),
    "setting": (
        "is this scene rural or urban?",
        "is this an urban or a rural scene?",
        "what kind of scene is this, rural or urban?",
    ),
    "sites": (
        "how many {kind}s are there?",
        "how many {kind}s are in the scene?",
        "how many {kind}s do you see?",
        "count the {kind}s.",
    ),
    "site": (
        "is there {a} {kind} in the scene?",
        "is there {a} {kind}?",
        "do you see {a} {kind}?",
        "can you see {a} {kind}?",
    ),
    "count": (
        "how many {objects} are {at}?",
        "how many {objects} are there {at}?",
        "count the {objects} {at}.",
        "how many {objects} do you see {at}?",
    ),
    "exists": (
        "are there any {objects} {at}?",
        "do you see any {objects} {at}?",
        "can you see any {objects} {at}?",
        "is there any of the {objects} {at}?",
    ),
    "color": (
        "what color are the {objects} {at}?",
        "what is the color of the {objects} {at}?",
        "which color do the {objects} {at} have?",
    ),
    "shape": (
        "what shape is the {landmark} {at}?",
        "what is the shape of the {landmark} {at}?",
        "which shape does the {landmark} {at} have?",
    ),
    "heading": (
        "which way do the {objects} {at} point?",
        "in which direction are the {objects} {at} heading?",
        "which way are the {objects} {at} facing?",
    ),
}
PLACES = {"lake": "on", "village": "in", "forest": "in"}
DIRECTIONS = ["northern", "southern", "eastern", "western"]


@dataclass(frozen=True)
class Question:
    """One question with the facts for its labels. `site` is None where the global view is enough.

    `label` is a name of the site; `mates` are the centres of all sites of its class, left to right; `spots` are the points of the last
    thought, and `noun` is their name. Scene units.
    """

    text: str
    answer: str
    kind: str
    site: Site | None
    label: str
    noun: str
    spots: tuple[Spot, ...]
    mates: tuple[Spot, ...] = ()

    @property
    def level(self) -> str:
        return LEVELS[self.kind]

    def first_thought(self, pointing: Pointing) -> str:
        """The thought before the zoom: the names and positions of all sites of this class, along the direction in the question."""
        assert self.site is not None
        if len(self.mates) == 1:
            return _pointed(self.site.kind, self.mates, pointing)
        upright = self.label.startswith(("northern", "southern"))
        names = ("northern", "southern") if upright else ("western", "eastern")
        in_order = sorted(self.mates, key=lambda spot: spot[1] if upright else spot[0])
        return " ".join(_pointed(f"{name} {self.site.kind}", (spot,), pointing) for name, spot in zip(names, in_order))

    def last_thought(self, pointing: Pointing) -> str:
        """The thought before the answer: the objects and their positions in the picture."""
        if self.kind in ("terrain", "setting"):
            return "look at the whole scene"
        if not self.spots:
            return f"no {self.noun}"
        return _pointed(self.noun, self.spots, pointing)


def _pointed(noun: str, spots: tuple[Spot, ...], pointing: Pointing) -> str:
    return f"{noun} at" + "".join(" ({}, {})".format(*pointing(spot)) for spot in spots)


def refer(scene: Scene, site: Site, rng: random.Random) -> str | None:
    """A name of a site: "airport", or "northern airport" where there are two; None where no direction distinguishes them."""
    others = [other for other in scene.sites if other.kind == site.kind and other is not site]
    if not others:
        return site.kind
    dx, dy = site.center[0] - others[0].center[0], site.center[1] - others[0].center[1]
    directions = []
    if abs(dx) > 0.12:
        directions.append("western" if dx < 0 else "eastern")
    if abs(dy) > 0.12:
        directions.append("northern" if dy < 0 else "southern")
    return f"{rng.choice(directions)} {site.kind}" if directions else None


def ask(scene: Scene, kind: str, rng: random.Random, among: list[Site] | None = None) -> Question | None:
    """A question of this kind, with an answer drawn evenly as far as the scene allows; None where the scene has nothing to ask about.

    among: the sites a detail question may be about; all of them by default.
    """
    wording = rng.choice(WORDINGS[kind])
    if LEVELS[kind] == "global":
        return _ask_globally(scene, kind, wording, rng)
    labelled = [(site, label) for site in (among or scene.sites) if (label := refer(scene, site, rng))]
    if kind == "count":
        wanted = rng.sample(range(MOST + 1), MOST + 1)
        # The answer is drawn before the site, because empty sites are the most frequent.
        fits = next((f for n in wanted if (f := [s for s in labelled if len(s[0].points) == n])), [])
    elif kind == "exists":
        some = rng.random() < 0.42  # below one half: scenes without an empty site always answer yes
        fits = [s for s in labelled if bool(s[0].points) == some] or labelled
    elif kind == "shape":
        fits = labelled
    else:
        fits = [s for s in labelled if s[0].points and (kind == "color" or SITES[s[0].kind].heading)]
    if not fits:
        return None
    site, label = rng.choice(fits)
    about = SITES[site.kind]
    place = PLACES.get(site.kind, "at") if rng.random() < 0.8 else "at"
    text = wording.format(objects=about.objects, landmark=about.landmark, at=f"{place} the {label}")
    noun = about.landmark if kind == "shape" else about.objects
    spots = [site.landmark] if kind == "shape" else site.points if kind == "count" else site.points[:1]
    answer = {
        "count": str(len(site.points)),
        "exists": "yes" if site.points else "no",
        "color": site.color,
        "shape": site.shape,
        "heading": site.heading,
    }[kind]
    return Question(text, answer, kind, site, label, noun, tuple(spots), mates_of(scene, site))


def mates_of(scene: Scene, site: Site) -> tuple[Spot, ...]:
    """The centres of all sites of this one's class, left to right."""
    return tuple(sorted(other.center for other in scene.sites if other.kind == site.kind))


def _ask_globally(scene: Scene, kind: str, wording: str, rng: random.Random) -> Question:
    if kind == "terrain":
        return Question(wording, scene.terrain, kind, None, "", "", ())
    if kind == "setting":
        return Question(wording, scene.setting, kind, None, "", "", ())
    kinds = [site.kind for site in scene.sites]
    wanted = rng.choice((0, 1, 2) if kind == "sites" else (0, 1))
    names = [name for name in SITES if kinds.count(name) == wanted] or list(SITES)
    name = rng.choice(names)
    spots = tuple(sorted(site.center for site in scene.sites if site.kind == name))
    text = wording.format(kind=name, a="an" if name[0] in "aeiou" else "a")
    if kind == "sites":
        return Question(text, str(len(spots)), kind, None, "", name + "s", spots)
    return Question(text, "yes" if spots else "no", kind, None, "", name, spots[:1])


def vocabulary() -> list[str]:
    """All texts that questions, thoughts, labels and answers consist of, for the tokenizer."""
    texts = ["look at the whole scene", "look at the", "no", *TERRAIN, *HEADINGS, "yes", "rural", "urban"]
    for wordings in WORDINGS.values():
        for wording in wordings:
            for name, about in SITES.items():
                texts.append(wording.format(kind=name, a="an", objects=about.objects, landmark=about.landmark, at=f"at the {name}"))
    texts += ["what is a thing on the lake in the forest"]
    return texts


def exam(scene: Scene, rng: random.Random) -> list[Question]:
    """Eight questions about a scene: 2 global, 3 region, 3 object (fewer where the scene has too little to ask about)."""
    kinds = rng.sample(KINDS["global"], 2)
    kinds += rng.choice((["count", "count", "exists"], ["count", "exists", "exists"]))
    kinds += rng.sample(KINDS["object"], 3)
    return [question for kind in kinds if (question := ask(scene, kind, rng))]
