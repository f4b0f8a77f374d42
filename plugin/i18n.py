"""Texts that users read. Only literal strings may stand inside `tr("...")`, so that pylupdate can extract them."""

from __future__ import annotations

from decimal import Decimal

from qgis.PyQt.QtCore import QCoreApplication, QLocale


def tr(text: str, context: str = "ZoomEarth") -> str:
    """The text in the user's language, or unchanged where it has no translation."""
    return QCoreApplication.translate(context, text)


def tool_stage(stage: str) -> str:
    """What a tool is doing, by the stage of its progress."""
    words = {
        "opening": tr("opening the raster"),
        "scanning": tr("creating the overview of the raster"),
        "reading": tr("reading the raster"),
        "reading references": tr("reading the images of other dates"),
        "measuring the noise": tr("measuring the noise"),
        "measuring the stripes": tr("measuring the stripes"),
        "denoising": tr("removing the noise"),
        "segmenting": tr("outlining the object"),
        "editing": tr("editing the pixels"),
        "surveying": tr("looking closely at all of it"),
        "writing": tr("writing the result"),
    }
    return words.get(stage, stage)


def size_text(count: int) -> str:
    """A number of bytes as text: 350 MB, 1.5 GB."""
    if count < 999_500_000:
        return tr("{count} MB").format(count=QLocale().toString(count / 1e6, "f", 0 if count >= 10_000_000 else 1))
    return tr("{count} GB").format(count=QLocale().toString(count / 1e9, "f", 1))


def rounded(value: float) -> str:
    """The number with four significant digits, without an exponent."""
    return format(Decimal(f"{value:.4g}"), "f")


def reduction(scale: float) -> str:
    """How much smaller a picture is than the raster, as text. scale: source pixels per shown pixel."""
    return tr("{scale}x reduced").format(scale=QLocale().toString(scale, "f", 1)) if scale >= 1.05 else tr("full resolution")
