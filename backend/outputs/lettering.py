"""The texts of a figure: chooses fonts that have their letters, and breaks them into lines by their measured width."""

from __future__ import annotations

import contextlib
import functools
import logging
import unicodedata
import warnings
from typing import Iterable, Iterator

from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

BASE = "DejaVu Sans"  # comes with matplotlib
SIZE = 20  # points: the size of the letter that a font is tested with
WIDE = ("W", "F")  # East Asian widths of Unicode: a line may be broken beside such a letter


class Lettering:
    """Fonts for these texts. missing: names of the scripts that no font of this machine has; their letters are drawn as empty boxes."""

    def __init__(self, texts: Iterable[str]) -> None:
        wanted = {ord(letter) for text in texts for letter in plain(text)}
        wanted -= _letters(font_manager.findfont(BASE))
        self.families = [BASE]
        for path in _others() if wanted else ():
            if gained := wanted & _letters(path):
                with contextlib.suppress(Exception):  # FreeType can't scale fonts of coloured pictures
                    font = FT2Font(path)
                    font.set_size(SIZE, 72)
                    font.load_char(min(gained))
                    font_manager.fontManager.addfont(path)
                    self.families.append(font.family_name)
                    wanted -= gained
            if not wanted:
                break
        self.missing = sorted({_script(chr(code)) for code in wanted})
        self._canvas = FigureCanvasAgg(Figure())

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """The width of one line, in inches."""
        line = Text(0, 0, text, fontsize=size, fontfamily=self.families, fontweight="bold" if bold else "normal", parse_math=False)
        line.set_figure(self._canvas.figure)
        return float(line.get_window_extent(self._canvas.get_renderer()).width / self._canvas.figure.dpi)

    def wrapped(self, text: str, inches: float, size: float, bold: bool = False) -> str:
        """The text in lines of at most this width, broken at spaces, beside wide letters, and inside words longer than a line."""
        rest, lines = plain(text), []
        while rest:
            end = self._most(rest, inches, size, bold)
            if end < len(rest):
                breaks = (at for at in range(end, 0, -1) if rest[at] == " " or _wide(rest[at]) or _wide(rest[at - 1]))
                end = next(breaks, end)
            lines.append(rest[:end].rstrip())
            rest = rest[end:].lstrip()
        return "\n".join(lines)

    def elided(self, text: str, inches: float, size: float, bold: bool = False) -> str:
        """The text on one line, without its middle where it is too long, because names may differ at both ends."""
        text = plain(text)
        low, high = 0, len(text)  # letters that stay
        while low < high:
            stay = (low + high + 1) // 2
            low, high = (stay, high) if self.width(_without_middle(text, stay), size, bold) <= inches else (low, stay - 1)
        return _without_middle(text, low)

    def _most(self, text: str, inches: float, size: float, bold: bool) -> int:
        """The number of letters of the text that fit on a line, at least one."""
        low, high = 1, min(len(text), 400)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.width(text[:middle], size, bold) <= inches else (low, middle - 1)
        return low


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Suppresses matplotlib's warnings about missing letters and weights: `Lettering.missing` lists the scripts."""
    log = logging.getLogger("matplotlib.font_manager")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")
            yield
    finally:
        log.setLevel(before)


def plain(text: str) -> str:
    """The text on one line, without invisible characters: control characters, direction marks, variation selectors."""
    spaced = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    return " ".join("".join(letter for letter in spaced if not _is_a_mark(letter)).split())


def _is_a_mark(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cf", "Cs") or 0xFE00 <= ord(letter) <= 0xFE0F or 0xE0100 <= ord(letter) <= 0xE01EF


def _wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in WIDE


def _without_middle(text: str, stay: int) -> str:
    return text if stay >= len(text) else f"{text[: (stay + 1) // 2]}…{text[len(text) - stay // 2 :]}"


def _script(letter: str) -> str:
    """The script of a letter: the first word of its Unicode name; "symbols" for pictures."""
    if unicodedata.category(letter)[0] not in "LM":
        return "symbols"
    first = unicodedata.name(letter, "unnamed").split()[0]
    return first if first == "CJK" else first.capitalize()


@functools.cache
def _letters(path: str) -> frozenset[int]:
    """The code points of the font's letters; empty where it can't be read."""
    with contextlib.suppress(Exception):
        return frozenset(FT2Font(path).get_charmap())
    return frozenset()


def _others() -> Iterator[str]:
    """The fonts of this machine, upright and normal ones first: only one font of a family is used."""
    paths = font_manager.findSystemFonts()
    odd = ("bold", "italic", "oblique", "light", "thin", "black", "condensed", "mono", "serif")
    yield from sorted(paths, key=lambda path: (sum(word in path.lower().rpartition("/")[2].replace("sansserif", "") for word in odd), path))
