"""Why a token takes longer than its weights take to read: the products of one row, by number format and threads, beside plain reading.

    python benchmarks/one_row.py [--out FILE]

A token is one row that is multiplied by every matrix of the model, so that each weight is read once and used once. The matrices are those
of a layer of the 3B shape, 0.6 GB of them for each measurement, more than a cache holds. *Reading* is the bandwidth of `true_shape.py`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch
from machine import machine, report
from torch import Tensor
from true_shape import bandwidth

MATRICES = ((2048, 2048), (512, 2048), (11_008, 2048), (2048, 11_008))  # of a layer: out, in
BYTES = 600_000_000
FORMATS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "int8": torch.int8}


def rate(work: Callable[[Tensor], object], tensors: list[Tensor]) -> float:
    """GB of the tensors that the work takes in a second; the best of five."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for tensor in tensors:
            work(tensor)
        times.append(time.perf_counter() - start)
    return sum(tensor.nbytes for tensor in tensors) / min(times) / 1e9


def product(weight: Tensor) -> Callable[[Tensor], Tensor]:
    """One row times a matrix like this one, as the engine does it."""
    dtype = torch.bfloat16 if weight.dtype == torch.int8 else weight.dtype
    x, scale = torch.ones((1, weight.shape[1]), dtype=dtype), torch.ones(len(weight), dtype=dtype)
    if weight.dtype == torch.int8:
        return lambda matrix: torch.ops.aten._weight_int8pack_mm(x, matrix, scale)
    return lambda matrix: torch.nn.functional.linear(x, matrix)


def rates(form: str) -> list[float]:
    """GB a second of each kind of matrix."""
    results = []
    for rows, columns in MATRICES:
        count = BYTES // (rows * columns * FORMATS[form].itemsize)
        matrices = [torch.ones((rows, columns), dtype=FORMATS[form]) for _ in range(count)]
        results.append(rate(product(matrices[0]), matrices))
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table there too")
    options = parser.parse_args()
    everything = torch.get_num_threads()
    lines = [f"{machine()}, torch {torch.__version__}, GB/s", ""]
    lines.append(f"{'':22}{'reading':>9}" + "".join(f"{f'{rows}x{columns}':>13}" for rows, columns in MATRICES))
    with torch.inference_mode():
        for threads in sorted({1, everything}):
            torch.set_num_threads(threads)
            reading = bandwidth(torch.device("cpu")) / 1e9
            for form in FORMATS:
                each = "".join(f"{value:13.1f}" for value in rates(form))
                lines.append(f"{form:9} {threads:2} thread{'s' if threads > 1 else ' '}   {reading:9.1f}{each}")
    report(lines, options.out)


if __name__ == "__main__":
    main()
