"""What an OpenAI-compatible server says is wrong, in whatever shape: a body, an event, or the reason of a reply's end."""

from __future__ import annotations

import json
import re
from typing import Any

MEANINGS = {  # of a finish reason or an error's code, as servers spell them; any other reason is a plain end
    "filtered": r"filter|safe|refus|recit|block|prohibit|spii|sensitive|guard|moderat|inspect|toxic|violat|policy|risk|censor|flagged",
    "failed": r"error|fail|abort|network|insufficient|timeout|overload|cancel|malformed|unavailable",
    "cut": r"length|max_?\w*tokens",
}
CODES = ("code", "type", "status", "reason")  # entries of an error that say what kind it is


def meaning(reason: Any) -> str:
    """One of MEANINGS, or ""."""
    return next((name for name, words in MEANINGS.items() if isinstance(reason, str) and re.search(words, reason, re.I)), "")


def failure_of(body: bytes) -> dict[str, Any]:
    """The error in a body: its message as one line of at most 300 characters, and those of CODES that it has."""
    text = body.decode("utf-8", "replace")
    try:
        data = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return {"message": _one_line(re.sub(r"<[^>]*>", " ", text))}
    data = data[0] if isinstance(data, list) and len(data) == 1 else data
    codes = {name: data[name] for name in CODES if isinstance(data, dict) and name in data}
    for key in ("error", "message", "detail"):
        if isinstance(data, dict) and data.get(key):
            inner = data.get("innererror")  # Azure's
            codes["reason"] = (inner.get("code") if isinstance(inner, dict) else None) or codes.get("reason")
            data = data[key]
            codes.update({name: data[name] for name in CODES if isinstance(data, dict) and data.get(name)})
    return {**codes, "message": _one_line(data if isinstance(data, str) else json.dumps(data))}


def error_text(body: bytes) -> str:
    """What a server says in an error's body, in whatever shape, as one line of at most 300 characters."""
    return str(failure_of(body)["message"])


def failure_in(event: dict[str, Any], choice: dict[str, Any], said: dict[str, Any]) -> dict[str, Any] | None:
    """The error that a chunk tells of, in whatever place."""
    for holder in (event, choice, said):
        if holder.get("error"):
            return failure_of(json.dumps(holder["error"]).encode())
    bare = "choices" not in event and isinstance(event.get("detail") or event.get("message"), (str, list))
    if bare or "error" in (event.get("object"), event.get("type")):
        return failure_of(json.dumps(event).encode())
    reason = choice.get("finish_reason")
    return {"message": f"finish_reason is {reason!r}"} if meaning(reason) == "failed" else None


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:300]
