"""Which questions are about the whole scene: by their words, so that it costs nothing and is the same every time.

For general models only (docs/models.md): they zoom into what the overview shows better. A model trained to zoom decides itself. The rule
is narrow: a question that is wrongly taken for one about a part costs a look, the other way it costs the answer. `tests/test_route.py`
has its figures on LRS-GRO.
"""

from __future__ import annotations

import re

_ALL = (
    r"(?:whole|entire|overall|main(?:ly)?|primar(?:y|ily)|dominant|dominat\w+|predominant\w*|general(?:ly)?|mostly"
    r"|ganzen?|gesamt\w*|haupts\u00e4chlich\w*|vorwiegend\w*|\u00fcberwiegend\w*)"
)
_PICTURE = r"(?:image|scene|picture|bild\w*|szene)"
_WHOLE = re.compile(
    rf"\b(?:{_ALL}\b.*\b{_PICTURE}|{_PICTURE}\b.*\b{_ALL}|{_ALL} (?:type|kind) of (?:area|region|land\w*|environment|scene)"
    r"|season|jahreszeit|urban or rural|rural or urban|st\u00e4dtisch oder l\u00e4ndlich|l\u00e4ndlich oder st\u00e4dtisch)\b",
    re.I | re.S,
)
_PART = re.compile(  # a place in it, one thing among others, or a number
    r"\b(?:how many|count|number of|where|left|right|top|bottom|upper|lower|north\w*|south\w*|east\w*|west\w*|cent(?:er|re|ral)|corner"
    r"|near|next to|small\w*|large\w*"
    r"|wie ?viele?|anzahl|wo|link\w*|recht\w*|oben|unten|ober\w*|unter\w*|nord\w*|n\u00f6rd\w*|s\u00fcd\w*|ost\w*|\u00f6st\w*"
    r"|mitte|ecke|neben|klein\w*|gro\u00df\w*)\b",
    re.I,
)


def about_the_whole(question: str) -> bool:
    """Whether a question (English or German) needs nothing but the overview; False where its words do not say so.

    What stands behind the first question mark, such as the choices of a benchmark, does not count.
    """
    asked = question.partition("?")[0]
    return bool(_WHOLE.search(asked)) and not _PART.search(asked)
