"""Whether a checkpoint folder is whole, from its index and the headers of its files; no weight is read.

A safetensors file begins with the length of its header (8 bytes) and the header, which says where each tensor lies in the file.
"""

from __future__ import annotations

from pathlib import Path

from ...core import texts
from ...core.catalogue import INDEX, weight_files
from ...core.errors import ModelError
from ...core.memory import header

AGAIN = "Copy the folder again from where it came."
PICTURES = ("preprocessor_config.json", "processor_config.json")  # how pictures are prepared: either of them
TOKENIZERS = (("tokenizer.json",), ("vocab.json", "merges.txt"), ("tokenizer.model",))  # one of these sets
WORDLESS = ("sam2", "sam2_video")  # families that read no text


def check(folder: Path, again: str = AGAIN) -> list[str]:
    """The names of the checkpoint's files, all of them whole. again: what to do about the others. Raises ModelError naming the first."""
    family = _objects(folder, again)
    if not any((folder / name).is_file() for name in PICTURES):
        raise ModelError(f"{folder} lacks {PICTURES[0]}, which says how pictures are prepared.", again)
    if family not in WORDLESS and not any(all((folder / name).is_file() for name in names) for names in TOKENIZERS):
        raise ModelError(f"{folder} has no tokenizer: tokenizer.json is missing, and vocab.json with merges.txt too.", again)
    _weights(folder, again)
    names = {file.name for pattern in ("*.json", "*.safetensors", "*.txt", "*.jinja") for file in folder.glob(pattern)}
    return sorted(names)


def is_whole(file: Path) -> bool:
    """Whether a safetensors file is as long as its header says, or another file can be read as what its name says."""
    try:
        if file.suffix == ".safetensors":
            tensors_of(file)
        elif file.suffix == ".json":
            texts.parse(texts.read(file))
        return file.is_file()
    except (OSError, ValueError):
        return False


def tensors_of(file: Path) -> set[str]:
    """The names of the tensors in a safetensors file. Raises OSError, and ValueError where it is no such file or not as long as it says."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
    tensors = {name: entry for name, entry in header(file).items() if name != "__metadata__"}
    try:
        end = 8 + length + max((int(entry["data_offsets"][1]) for entry in tensors.values()), default=0)
    except (KeyError, TypeError, IndexError):
        raise ValueError("its header does not say where the tensors are") from None
    if file.stat().st_size != end:
        raise ValueError(f"it has {file.stat().st_size} bytes in place of {end}")
    return set(tensors)


def quantization(folder: Path) -> str:
    """The method by which its weights were made smaller ("awq", "gptq", ...), as its config.json says; "" for whole weights."""
    try:
        config = texts.read_object(folder / "config.json")
    except (OSError, ValueError):
        return ""
    for part in (config, config.get("text_config")):
        entry = part.get("quantization_config") if isinstance(part, dict) else None
        if isinstance(entry, dict):
            return str(entry.get("quant_method") or "unknown")
    return ""


def _objects(folder: Path, again: str) -> str:
    """The family that config.json names, where all of the folder's JSON files can be read."""
    for file in sorted(folder.glob("*.json")):
        if not is_whole(file):
            raise ModelError(f"{file} is damaged.", again)
    try:
        if family := texts.read_object(folder / "config.json").get("model_type"):
            return str(family)
        raise ModelError(f"{folder / 'config.json'} names no model_type.", again)
    except OSError:
        raise ModelError(f"{folder} holds no model: config.json is missing.", "Give the folder of a model's files.") from None
    except ValueError as error:
        raise ModelError(f"{folder / 'config.json'} can't be read: {error}.", again) from error


def _weights(folder: Path, again: str) -> None:
    """Every file of weights is whole, and holds the tensors that the index places in it."""
    index = folder / INDEX
    if not index.is_file() and not (folder / "model.safetensors").is_file() and any(folder.glob("*.safetensors")):
        raise ModelError(f"{folder} has weights in several files without their index, {INDEX}.", again)
    try:
        names = weight_files(folder)
        placed = texts.read_object(index)["weight_map"] if index.is_file() else {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{index} can't be read: {error}.", again) from error
    for name in names:
        try:
            tensors = tensors_of(folder / name)
        except FileNotFoundError:
            raise ModelError(f"{folder / name} is missing.", again) from None
        except (OSError, ValueError) as error:
            raise ModelError(f"{folder / name} is damaged: {error}.", again) from error
        lacking = sorted(tensor for tensor, file in placed.items() if file == name and tensor not in tensors)
        if lacking:
            more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
            raise ModelError(f"{folder / name} lacks the tensor {lacking[0]}{more}, which the index places there.", again)
