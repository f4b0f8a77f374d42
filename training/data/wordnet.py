"""WordNet through nltk, also on machines without a network.

nltk's own data are used where they exist (`nltk.download("wordnet")`). Otherwise Debian's package wordnet-base (WordNet 3.0, the same
release) is copied once into the user's cache folder, in nltk's format: its data, index and exception files, and two files that the package
lacks, `lexnames` (the 45 lexicographer files) and an empty `index.sense`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...backend.scene.scan import cache_folder
from ...core.errors import DataError

DEBIAN = Path("/usr/share/wordnet")
COPIED = ("data.*", "index.*", "*.exc", "cntlist.rev")
PARTS = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}
LEXNAMES = """adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body noun.cognition
noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object noun.person noun.phenomenon noun.plant
noun.possession noun.process noun.quantity noun.relation noun.shape noun.state noun.substance noun.time verb.body verb.change
verb.cognition verb.communication verb.competition verb.consumption verb.contact verb.creation verb.emotion verb.motion
verb.perception verb.possession verb.social verb.stative verb.weather adj.ppl"""
"""The lexicographer files, in the order of WordNet's lexnames(5WN)."""


@lru_cache(maxsize=1)
def wordnet() -> Any:
    """nltk's WordNet reader, loaded. Raises DataError where there is no WordNet on this machine."""
    import nltk
    from nltk.corpus import wordnet as corpus

    if not _installed(nltk):
        if not (DEBIAN / "data.noun").is_file():
            raise DataError(
                "Scoring needs WordNet, and this machine has none.",
                "Debian and Ubuntu: sudo apt-get install wordnet-base; elsewhere: python -c \"import nltk; nltk.download('wordnet')\"",
            )
        folder = cache_folder() / "nltk"
        if not (folder / "corpora" / "wordnet").is_dir():
            _copy(DEBIAN, folder / "corpora" / "wordnet")
        nltk.data.path.insert(0, str(folder))
    corpus.ensure_loaded()
    return corpus


def _installed(nltk: Any) -> bool:
    for name in ("corpora/wordnet", "corpora/wordnet.zip"):
        try:
            nltk.data.find(name)
            return True
        except LookupError:
            continue
    return False


def _copy(source: Path, target: Path) -> None:
    """Copies into a temporary folder and renames it; if two processes copy at the same time, the first result stays."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix="wordnet-", dir=target.parent))
    try:
        for pattern in COPIED:
            for file in source.glob(pattern):
                shutil.copyfile(file, part / file.name)
        names = (f"{at:02d}\t{name}\t{PARTS[name.split('.')[0]]}\n" for at, name in enumerate(LEXNAMES.split()))
        (part / "lexnames").write_text("".join(names), encoding="ascii")
        (part / "index.sense").touch()
        os.rename(part, target)
    except OSError:
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
