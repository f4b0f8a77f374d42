"""Multiple choice: the rules that read letters from a reply, with the peculiarities of the official scripts.

Sources: MME-RealWorld's own script, lmms-eval's port of it, and lmms-eval's XLRS-Bench; the tests hold the scripts' results for real
replies. The scripts first delete phrases like "The answer is". In the lists of MME-RealWorld's script and of XLRS's, two commas are
missing, which joins four of the phrases into two that no model writes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

PLAIN = ("The best answer is", "The correct answer is", "The answer is", "The answer")
WHOLE = (*PLAIN, "The best option is", "The correct option is", "Best answer:", "Best option:")
GLUED = (*PLAIN, "The best option isThe correct option is", "Best answer:Best option:")
BARE = ("(A)", "(B)", "(C)", "(D)", "(E)")


def official(reply: str, choices: Sequence[str]) -> str:
    """MME-RealWorld's own script. An empty reply is a part of every choice, and so counts as A."""
    return _first(reply, GLUED, choices or BARE)


def lmms_eval(reply: str, choices: Sequence[str]) -> str:
    """lmms-eval's MME-RealWorld: without the missing commas; a reply without a letter is compared with "(A)" to "(E)", not with the
    choices.
    """
    return _first(reply, WHOLE, BARE)


def strict(reply: str, choices: Sequence[str]) -> str:
    """Our rule: the last letter that stands alone; without one the reply is wrong."""
    letters = re.findall(r"(?<![A-Za-z])([A-E])(?![A-Za-z])", reply)
    return letters[-1] if letters else ""


def xlrs(reply: str, choices: Sequence[str]) -> str:
    """XLRS-Bench, with several letters, sorted: the letters in brackets, else every a-e; nothing without a capital A-E."""
    reply = _without(reply, GLUED)
    if not re.search("[A-E]", reply):
        return ""
    letters = re.findall(r"\(([a-eA-E])\)", reply) or re.findall("[a-eA-E]", reply)
    return "".join(sorted({letter.upper() for letter in letters}))


def strict_set(reply: str, choices: Sequence[str]) -> str:
    """Our rule for several answers: the capital letters A-E that stand alone, sorted."""
    return "".join(sorted(set(re.findall(r"(?<![A-Za-z])([A-E])(?![A-Za-z])", reply))))


def _first(reply: str, phrases: Sequence[str], choices: Sequence[str]) -> str:
    reply = _without(reply, phrases)
    if letter := re.search("[A-E]", reply):
        return letter[0]
    if len(reply.split()) > 10:
        return ""
    return next((choice[1:2] for choice in choices if reply.lower() in choice.lower()), "")


def _without(reply: str, phrases: Sequence[str]) -> str:
    reply = reply.strip()
    for phrase in phrases:
        reply = reply.replace(phrase, "")
    return reply
