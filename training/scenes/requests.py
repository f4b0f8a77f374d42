"""Requests about drawn scenes that need a tool: which tool, on which site, and what is answered once its picture is shown.

Questions about a noisy or a clouded site are those of `questions`, with the words that name what spoils it. Other requests ("segment the
northern lake", "blur the cars in the village") are answered with DONE. Clouds are removed from the whole scene, because they hide where a
site is; a tool for anything else is used on the site.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from .questions import PLACES, Pointing, Question, ask, mates_of, refer
from .render import WHOLE, Window
from .scene import SITES, Scene

DONE = "done"
VERBS = {
    "remove": "remove",
    "erase": "remove",
    "blur": "blur",
    "pixelate": "pixelate",
    "brighten": "brighten",
    "sharpen": "sharpen",
}
"""Words of a request for an edit, and the tool's verb."""
WORDINGS = {
    "segmentation": ("segment the {label}", "outline the {label}", "draw the outline of the {label}"),
    "denoising": ("denoise the {label}", "remove the noise {at}", "clean the noise {at}"),
    "cloud-removal": ("remove the clouds {at}", "remove the clouds over the {label}", "clear the clouds {at}"),
    "editing": ("{word} the {objects} {at}", "{word} the {objects} {at}", "{word} the {label}"),
}
"""Of requests that are answered with DONE."""
SPOILT = {
    "denoising": ("without the noise", "without noise", "after denoising"),
    "cloud-removal": ("under the clouds", "below the clouds", "without the clouds"),
}
"""The words added to a question about a site that noise or clouds spoil."""
TOOLS = tuple(WORDINGS)
CLOUDS = "clouds"
"""The thought before clouds are removed, and the label of that call: where the site is, clouds may hide."""


@dataclass(frozen=True)
class Request:
    """question: its text is the request, its site the one that is asked about, its answer the one after the tool. verb: of an edit."""

    tool: str
    question: Question
    verb: str = ""

    @property
    def whole(self) -> bool:
        """Whether the tool is used on the whole scene, and the question is then asked as if the scene had been clear."""
        return self.tool == "cloud-removal"

    @property
    def box(self) -> Window:
        """What the tool is used on, in scene units."""
        assert self.question.site is not None
        return WHOLE if self.whole else self.question.site.box

    @property
    def label(self) -> str:
        return CLOUDS if self.whole else self.question.label

    def thought(self, pointing: Pointing) -> str:
        """The thought before the call."""
        return CLOUDS if self.whole else self.question.first_thought(pointing)


def ask_tool(scene: Scene, tool: str, rng: random.Random) -> Request | None:
    """A request for this tool; None where the scene has nothing to ask about."""
    end = rng.choice(("", "."))
    if tool in SPOILT and rng.random() < 0.7:
        question = ask(scene, rng.choice(("count", "count", "exists", "color", "shape", "heading")), rng)
        return Request(tool, in_words(question, tool, rng)) if question else None
    labelled = [(site, label) for site in scene.sites if (label := refer(scene, site, rng))]
    if not labelled:
        return None
    site, label = rng.choice(labelled)
    word = rng.choice(list(VERBS))
    at = f"{PLACES.get(site.kind, 'at')} the {label}"
    text = rng.choice(WORDINGS[tool]).format(label=label, at=at, objects=SITES[site.kind].objects, word=word) + end
    question = Question(text, DONE, tool, site, label, label, (site.center,), mates_of(scene, site))
    return Request(tool, question, VERBS[word] if tool == "editing" else "")


def in_words(question: Question, tool: str, rng: random.Random) -> Question:
    """The question about a spoilt site, with the words that ask for the tool. tool: one of SPOILT."""
    text = question.text.rstrip("?.")
    if question.kind == "count" and rng.random() < 0.4:
        text = text.replace(" are ", " ").replace(" there ", " ")
    mark = "." if question.text.endswith(".") else "?"
    return replace(question, text=f"{text} {rng.choice(SPOILT[tool])}{mark}")


def vocabulary() -> list[str]:
    """All texts that requests and calls consist of, for the tokenizer."""
    texts = [DONE, CLOUDS, *TOOLS, *VERBS, *(f"what {words}?" for spoilt in SPOILT.values() for words in spoilt)]
    for wordings in WORDINGS.values():
        texts += [wording.format(label="lake", at="at the lake", objects="boats", word=word) for wording in wordings for word in VERBS]
    return texts
