"""What a model needs and what the machine has: figures that decide whether a person's model is loaded at all."""

import json
import os
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomearth.core import memory
from zoomearth.core.memory import Memory, cards, estimate, fitting, header, list_cards, machine, of_vm_stat


def checkpoint(folder, dtype="BF16", layers=36):
    """A folder that has the true 3B model's shapes in its headers and nothing behind them."""
    shapes = {"model.embed_tokens.weight": (151_936, 2048), "visual.patch_embed.proj.weight": (1280, 3, 2, 14, 14)}
    for layer in range(layers):
        name = f"model.layers.{layer}."
        shapes |= {name + f"self_attn.{side}_proj.weight": (2048, 2048) for side in "qo"}
        shapes |= {name + f"self_attn.{side}_proj.weight": (256, 2048) for side in "kv"}
        shapes |= {name + f"mlp.{part}_proj.weight": (11_008, 2048) for part in ("gate", "up")}
        shapes |= {name + "mlp.down_proj.weight": (2048, 11_008), name + "input_layernorm.weight": (2048,)}
    for at, part in enumerate((list(shapes)[::2], list(shapes)[1::2])):
        _write(folder / f"model-{at}.safetensors", {name: {"dtype": dtype, "shape": shapes[name]} for name in part})
    config = {"num_hidden_layers": layers, "num_attention_heads": 16, "num_key_value_heads": 2, "hidden_size": 2048}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def _write(file, tensors):
    head = json.dumps({"__metadata__": {"format": "pt"}, **tensors}).encode()
    file.write_bytes(struct.pack("<Q", len(head)) + head)


PARAMETERS = 151_936 * 2048 + 36 * (2 * 2048 * 2048 + 2 * 256 * 2048 + 3 * 11_008 * 2048 + 2048) + 1280 * 3 * 2 * 14 * 14


@pytest.mark.parametrize("stored", ["BF16", "F32"])
def test_a_float32_folder_does_not_count_double(tmp_path, stored):
    folder = checkpoint(tmp_path, stored)
    assert estimate(folder, "bfloat16").weights == 2 * PARAMETERS
    assert estimate(folder, "float32").weights == 4 * PARAMETERS
    assert memory.Checkpoint.of(folder).stored == {"BF16": "bfloat16", "F32": "float32"}[stored]


def test_int8_counts_matrices_once_and_all_else_twice(tmp_path):
    vectors = 36 * 2048 + 1280 * 3 * 2 * 14 * 14
    assert estimate(checkpoint(tmp_path), "int8").weights == PARAMETERS + vectors


def test_conversations_are_counted_by_the_models_own_cache(tmp_path):
    """36 layers, keys and values, 2 heads of 128 numbers, 2 bytes: 36,864 bytes a token; and no more than the engine keeps."""
    few = estimate(checkpoint(tmp_path), "bfloat16").conversations
    assert few == memory.TOKENS * 36_864
    assert estimate(tmp_path, "float32").conversations == memory.CONVERSATION_BYTES


@pytest.mark.parametrize(
    ("download", "free", "fits"),
    [
        (7_520_000_000, 23e9, "bfloat16"),  # a 3B on this project's own machine
        (7_520_000_000, 8.9e9, "int8"),
        (7_520_000_000, 5.0e9, None),
        (17_500_000_000, 16e9, "int8"),  # an 8B on a laptop of 16 GB
        (5_000_000, 1e9, "bfloat16"),
    ],
)
def test_what_fits_is_the_best_that_fits(download, free, fits):
    assert fitting(download, Memory("cpu", int(32e9), int(free))) == fits


@given(st.integers(10**6, 10**12), st.sampled_from(["cpu", "cuda", "mps"]))
def test_more_memory_never_fits_less(download, device):
    order = [None, "int8", "bfloat16"]
    ranks = [order.index(fitting(download, Memory(device, free, free))) for free in (0, download // 2, download, 2 * download, 2**50)]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0
    assert ranks[-1] == 2


@pytest.mark.parametrize("damage", [b"", b"\0", struct.pack("<Q", 10) + b"not JSON..", struct.pack("<Q", 2) + b"[]"])
def test_a_file_that_is_no_safetensors_is_named(tmp_path, damage):
    (tmp_path / "model.safetensors").write_bytes(damage)
    with pytest.raises(ValueError, match=r"model\.safetensors is no safetensors file"):
        header(tmp_path / "model.safetensors")


def test_a_folder_without_weights_is_no_model(tmp_path):
    with pytest.raises(ValueError, match="no weights"):
        estimate(tmp_path, "bfloat16")


def test_this_machines_memory_is_what_its_system_says():
    psutil = pytest.importorskip("psutil")
    here, known = machine(), psutil.virtual_memory()
    assert here.device == "cpu"
    assert 0 < here.free <= here.total <= known.total
    if not memory._limits():
        assert here.free == pytest.approx(known.available, rel=0.3)


def test_a_containers_limit_counts(tmp_path):
    """Version 2, as in Docker and Slurm: a limit on the way to the root counts, and pages of files that can be dropped are free."""
    root, process = tmp_path / "cgroup", tmp_path / "self"
    inner = root / "slurm" / "job"
    inner.mkdir(parents=True)
    process.write_text("0::/slurm/job\n")
    for folder, limit in ((inner, "max"), (root / "slurm", "6000")):
        (folder / "memory.max").write_text(limit + "\n")
        (folder / "memory.current").write_text("4000\n")
        (folder / "memory.stat").write_text("anon 1000\ninactive_file 2500\n")
    assert memory._limits(root, process) == [(6000, 1500)]


def test_a_limit_of_the_older_kind_counts(tmp_path):
    folder = tmp_path / "cgroup" / "memory" / "docker"
    folder.mkdir(parents=True)
    process = tmp_path / "self"
    process.write_text("3:cpu,cpuacct:/docker\n2:memory:/docker\n")
    for name, value in (("memory.limit_in_bytes", "9"), ("memory.usage_in_bytes", "5"), ("memory.stat", "total_inactive_file 1")):
        (folder / name).write_text(value + "\n")
    assert memory._limits(tmp_path / "cgroup", process) == [(9, 4)]


def test_no_control_groups_are_no_limit(tmp_path):
    assert memory._limits(tmp_path, tmp_path / "absent") == []


def test_cards_are_read_from_the_drivers_own_list():
    listing = "24564, 23028, NVIDIA GeForce RTX 4090\n143771, 143167, NVIDIA H200\nFailed to initialize NVML\n[N/A], [N/A], NVIDIA GB10\n"
    assert list_cards(listing) == [
        Memory("cuda", 24_564 << 20, 23_028 << 20, "NVIDIA GeForce RTX 4090"),
        Memory("cuda", 143_771 << 20, 143_167 << 20, "NVIDIA H200"),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")
@pytest.mark.parametrize(("script", "count"), [("echo '8192, 8000, NVIDIA T1000'", 1), ("exit 9", 0)])
def test_a_driver_is_asked_and_may_fail(tmp_path, monkeypatch, script, count):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert len(cards()) == count


def test_the_free_memory_of_a_mac_has_the_pages_that_can_be_dropped():
    report = """Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10000.
Pages active:                            400000.
Pages inactive:                           20000.
Pages speculative:                         3000.
Pages wired down:                        100000.
Pages purgeable:                           400.
"""
    assert of_vm_stat(report) == 16_384 * 33_400
    with pytest.raises(ValueError, match="something else"):
        of_vm_stat("vm_stat: unknown")
