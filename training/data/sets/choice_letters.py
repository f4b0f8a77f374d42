"""Multiple choice: the named ways of reading letters out of a reply, quirks and all.

Sources: MME-RealWorld's own script, lmms-eval's port of it, and lmms-eval's XLRS-Bench; what they make of real replies was recorded by
running them. The official ones delete phrases like "The answer is" first; two commas are lost in the list of MME-RealWorld's own script and
of XLRS's, which glues four of the phrases into two that nobody says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

PLAIN = ("The best answer is", "The correct answer is", "The answer is", "The answer")
WHOLE = (*PLAIN, "The best option is", "The correct option is", "Best answer:", "Best option:")
GLUED = (*PLAIN, "The best option isThe correct option is", "Best answer:Best option:")
BARE = ("(A)", "(B)", "(C)", "(D)", "(E)")


def official(reply: str, choices: Sequence[str]) -> str:
    """MME-RealWorld's own script; an empty reply is inside every choice, so it scores A."""
    return _first(reply, GLUED, choices or BARE)


def lmms_eval(reply: str, choices: Sequence[str]) -> str:
    """lmms-eval's MME-RealWorld: the commas are there, and the last resort is the bare letters, not the choices' texts."""
    return _first(reply, WHOLE, BARE)


def strict(reply: str, choices: Sequence[str]) -> str:
    """Ours: a letter that stands alone, the last one said; nothing is guessed, so an empty reply is wrong."""
    found = re.findall(r"(?<![A-Za-z])([A-E])(?![A-Za-z])", reply)
    return found[-1] if found else ""


def xlrs(reply: str, choices: Sequence[str]) -> str:
    """XLRS-Bench, several letters allowed, sorted: those in brackets, else every a-e anywhere; nothing without a capital A-E."""
    reply = _without(reply, GLUED)
    if not re.search("[A-E]", reply):
        return ""
    letters = re.findall(r"\(([a-eA-E])\)", reply) or re.findall("[a-eA-E]", reply)
    return "".join(sorted({letter.upper() for letter in letters}))


def strict_set(reply: str, choices: Sequence[str]) -> str:
    """Ours, for several answers: the capital letters A-E that stand alone, sorted."""
    return "".join(sorted(set(re.findall(r"(?<![A-Za-z])([A-E])(?![A-Za-z])", reply))))


def _first(reply: str, phrases: Sequence[str], choices: Sequence[str]) -> str:
    reply = _without(reply, phrases)
    if found := re.search("[A-E]", reply):
        return found[0]
    if len(reply.split()) > 10:
        return ""
    return next((choice[1:2] for choice in choices if reply.lower() in choice.lower()), "")


def _without(reply: str, phrases: Sequence[str]) -> str:
    reply = reply.strip()
    for phrase in phrases:
        reply = reply.replace(phrase, "")
    return reply
