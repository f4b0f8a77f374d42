"""What a model takes in memory and what this machine has: known before any weights are loaded, without torch.

    estimate(folder, "bfloat16").total <= machine().free
    fitting(7_520_000_000, machine())       # "bfloat16", "int8", or None where the model is too large

The size of a checkpoint comes from the headers of its safetensors files, whatever number format they are stored in, or from the size of a
download, which is in 16 bits a parameter. The engine, `zoomearth check`, `zoomearth models` and the options page use these figures.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import re
import shutil
import struct
import subprocess  # nosec B404
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

from . import texts

FORMATS = {"float32": 4, "bfloat16": 2, "float16": 2, "int8": 1}
"""Bytes a parameter. In int8 only matrices are stored so, all else in 16 bits."""

CONVERSATION_BYTES = 1 << 30  # bytes of earlier conversations that an engine keeps at the most
TOKENS = 16_384  # of the conversations kept in any case: four, of three views and a reply each
WORKING = {"cpu": 500_000_000, "cuda": 1_200_000_000, "mps": 1_000_000_000}
"""Bytes of the libraries and of one pass's activations. Measured on a processor (benchmarks/true_shape.py), assumed for graphics cards."""

LOADING_INT8 = 1_900_000_000
"""Bytes beyond the finished weights, at the peak while a checkpoint is quantized, and no more than the weights again: the embeddings in 16
bits, and what the heap does not give back. Measured on the 3B shape (benchmarks/true_shape.py)."""


@dataclass(frozen=True)
class Memory:
    """Of one device, in bytes. device: cpu, cuda or mps; name: of a graphics card; free: what a process can take without harm to others."""

    device: str
    total: int
    free: int
    name: str = ""

    def __str__(self) -> str:
        return f"{gigabytes(self.free)} of {gigabytes(self.total)} free"


@dataclass(frozen=True)
class Estimate:
    """Bytes that a model takes: its weights, the conversations it keeps, libraries and activations. loading: what its weights take at the
    peak of their loading, which is over before there are conversations."""

    weights: int
    conversations: int
    working: int
    loading: int

    @property
    def total(self) -> int:
        return max(self.weights + self.conversations, self.loading) + self.working


@dataclass(frozen=True)
class Checkpoint:
    """parameters: of all tensors; matrices: those of them that int8 stores in 8 bits. stored: the number format of most of the parameters,
    as `FORMATS` names it, "" if it has another.

    cache: bytes a token of conversation, in 16 bits, None if unknown; of a download whose files are not here an eighth of its size for
    all TOKENS, which is more than most families take.
    """

    parameters: int
    matrices: int
    cache: Optional[int] = None
    stored: str = ""

    @classmethod
    def of(cls, model: Union[Path, int]) -> Checkpoint:
        """Of a folder, or of a download's size in bytes. Raises OSError and ValueError where the folder's files can't be read."""
        if isinstance(model, int):
            return cls(model // 2, model // 2, stored="bfloat16", cache=model // 8 // TOKENS)
        counts: Dict[str, int] = {}
        matrices = 0
        for file in sorted(model.glob("*.safetensors")):
            for name, tensor in header(file).items():
                if name == "__metadata__":
                    continue
                shape = tensor["shape"]
                numbers = math.prod(shape)
                counts[tensor["dtype"]] = counts.get(tensor["dtype"], 0) + numbers
                matrices += numbers if len(shape) == 2 else 0
        if not counts:
            raise ValueError("it holds no weights (*.safetensors)")
        most = max(counts, key=lambda dtype: counts[dtype])
        names = {"F32": "float32", "BF16": "bfloat16", "F16": "float16", "I8": "int8"}
        return cls(sum(counts.values()), matrices, _cache(texts.read_object(model / "config.json")), names.get(most, ""))


def header(file: Path) -> Dict[str, Any]:
    """The header of a safetensors file: dtype, shape and data_offsets of each tensor. Raises OSError, and ValueError for another file."""
    with file.open("rb") as stream:
        try:
            (length,) = struct.unpack("<Q", stream.read(8))
            tensors = json.loads(stream.read(min(length, 100_000_000)))
        except (struct.error, ValueError):
            raise ValueError(f"{file.name} is no safetensors file") from None
    if not isinstance(tensors, dict):
        raise ValueError(f"{file.name} is no safetensors file")
    return tensors


def estimate(model: Union[Path, int, Checkpoint], dtype: str, device: str = "cpu") -> Estimate:
    """What a model takes whose weights are held in one of `FORMATS`. model: its folder, or the size of its download in bytes.

    Raises OSError and ValueError where the folder's files can't be read.
    """
    checkpoint = model if isinstance(model, Checkpoint) else Checkpoint.of(model)
    small = checkpoint.matrices if dtype == "int8" else 0
    width = FORMATS["bfloat16" if dtype == "int8" else dtype]
    weights = small + width * (checkpoint.parameters - small)
    token = checkpoint.cache * width // 2 if checkpoint.cache is not None else CONVERSATION_BYTES
    loading = weights + (min(weights, LOADING_INT8) if dtype == "int8" else 0)
    return Estimate(weights, min(CONVERSATION_BYTES, TOKENS * token), WORKING[device], loading)


def fitting(model: Union[Path, int, Checkpoint], memory: Memory) -> Optional[str]:
    """The better of bfloat16 and int8 with which a model fits into what is free, None where it is too large.

    Raises OSError and ValueError where the folder's files can't be read.
    """
    checkpoint = model if isinstance(model, Checkpoint) else Checkpoint.of(model)
    return next((dtype for dtype in ("bfloat16", "int8") if estimate(checkpoint, dtype, memory.device).total <= memory.free), None)


def largest(memory: Memory) -> float:
    """Thousand millions of parameters, in halves, of the largest model that fits in int8 into what is free; 0 where none does."""
    halves = 0
    while estimate((halves + 1) * 1_000_000_000, "int8", memory.device).total <= memory.free:
        halves += 1
    return halves / 2


def gigabytes(number: float) -> str:
    """1.5 GB, for people: a thousand million bytes each, as downloads are counted."""
    return f"{number / 1e9:.1f} GB"


def _cache(config: Dict[str, Any]) -> Optional[int]:
    """Keys and values of one token in 16 bits, in bytes; the language model's own entries stand apart in newer configurations."""
    text = {**config, **(config.get("text_config") or {})}
    try:
        heads, layers = int(text["num_attention_heads"]), int(text["num_hidden_layers"])
        width = int(text.get("head_dim") or text["hidden_size"] // heads)
        return 2 * 2 * layers * int(text.get("num_key_value_heads") or heads) * width
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None


def machine() -> Memory:
    """The main memory that this process may use: the machine's, or less where a container or a batch system limits it."""
    total, free = _system()
    for limit, used in _limits():
        total, free = min(total, limit), min(free, max(0, limit - used))
    return Memory("cpu", total, free)


def cards() -> List[Memory]:
    """The NVIDIA graphics cards, as their driver reports them; [] without a driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = [program, "--query-gpu=memory.total,memory.free,name", "--format=csv,noheader,nounits"]
    try:
        listing = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True).stdout  # nosec B603
    except (OSError, subprocess.SubprocessError):
        return []
    return list_cards(listing)


def list_cards(listing: str) -> List[Memory]:
    """What `nvidia-smi` prints: memory in MiB, free memory in MiB and a name on each line; other lines are left out."""
    found = (re.fullmatch(r"(\d+), (\d+), (.+)", line.strip()) for line in listing.splitlines())
    return [Memory("cuda", int(match[1]) << 20, int(match[2]) << 20, match[3]) for match in found if match]


def _system() -> Tuple[int, int]:
    """Total and free bytes of the machine; pages of files that the system can drop are free."""
    if sys.platform == "win32":
        return _windows()
    page, pages = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")
    total = page * pages
    try:
        known = Path("/proc/meminfo").read_text(encoding="ascii")
        return total, int(re.search(r"^MemAvailable:\s+(\d+) kB", known, re.M)[1]) * 1024  # type: ignore[index]
    except (OSError, TypeError):
        pass
    try:
        report = subprocess.run(["/usr/bin/vm_stat"], capture_output=True, text=True, timeout=10, check=True).stdout  # nosec B603
        return total, min(total, of_vm_stat(report))
    except (OSError, ValueError, subprocess.SubprocessError):
        return total, total


def of_vm_stat(report: str) -> int:
    """The free bytes in what macOS's `vm_stat` prints. Raises ValueError for anything else."""
    size = re.search(r"page size of (\d+) bytes", report)
    counts = dict(re.findall(r"^Pages ([a-z]+):\s+(\d+)\.", report, re.M))
    if size is None or "free" not in counts:
        raise ValueError("vm_stat printed something else")
    return int(size[1]) * sum(int(counts.get(kind, 0)) for kind in ("free", "inactive", "speculative", "purgeable"))


def _windows() -> Tuple[int, int]:
    class Status(ctypes.Structure):
        """MEMORYSTATUSEX."""

        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            ("total", ctypes.c_uint64),
            ("free", ctypes.c_uint64),
            ("total_page_file", ctypes.c_uint64),
            ("free_page_file", ctypes.c_uint64),
            ("total_virtual", ctypes.c_uint64),
            ("free_virtual", ctypes.c_uint64),
            ("free_extended", ctypes.c_uint64),
        )

    status = Status(length=ctypes.sizeof(Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined, unused-ignore]
    return int(status.total), int(status.free)


def _limits(root: Path = Path("/sys/fs/cgroup"), process: Path = Path("/proc/self/cgroup")) -> List[Tuple[int, int]]:
    """Limit and use in bytes of each control group around this process that has a limit (Linux: containers, Slurm, systemd).

    Pages of files count as used in a group's books; the inactive ones among them are dropped when memory is wanted.
    """
    try:
        groups = [line.split(":", 2) for line in process.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        return []
    limits = []
    for _, controllers, path in (group for group in groups if len(group) == 3):
        if controllers == "":
            top, names = root, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        inner = top / path.lstrip("/")
        for folder in (inner, *inner.parents):
            if folder != top and top not in folder.parents:
                break
            try:
                limit, used = (int((folder / name).read_text(encoding="ascii")) for name in names[:2])
                statistics = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
            except (OSError, ValueError):
                continue  # no such level, or "max": no limit
            limits.append((limit, used - int(statistics.get(names[2], 0))))
    return limits
