"""The benchmarks, one per file: loading, prompt, extraction, scoring, averages. SFT, GRPO and evaluation use the same loaders and rules."""

from __future__ import annotations

from .base import Benchmark, Loaded, Mark, Unusable
from .geollava import GeoLlava
from .lrs_gro import LrsGro
from .lrs_vqa import LrsVqa
from .mme_realworld_rs import MmeRealworldRs
from .scenes import Scenes
from .xlrs_bench_lite import XlrsBenchLite

__all__ = ["BENCHMARKS", "Benchmark", "Loaded", "Mark", "Unusable"]

BENCHMARKS: dict[str, type[Benchmark]] = {kind.name: kind for kind in (LrsGro, MmeRealworldRs, XlrsBenchLite, LrsVqa, GeoLlava, Scenes)}
