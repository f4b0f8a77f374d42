"""Cuts pictures into the patches that the vision tower of the Qwen-VL family reads.

The numbers are those of transformers' own processor, bit for bit, in a fifth of its time: it computes them in 64 bits, pixel by pixel. A
channel has 256 levels, so that a table holds what it makes of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize


class Cutter:
    """processor: transformers' Qwen2VLImageProcessorPil of a checkpoint, asked once for its levels."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self._patch, self._merge, self._frames = processor.patch_size, processor.merge_size, processor.temporal_patch_size
        self.cell: int = self._patch * self._merge  # pixels, both sides
        ramp = np.resize(np.arange(256, dtype=np.uint8), (self.cell, self.cell))
        made = processor(images=[Image.fromarray(ramp).convert("RGB")], do_resize=False, return_tensors="np")["pixel_values"]
        self._levels = np.empty((3, 256), np.float32)  # of each channel
        for channel, values in enumerate(made.reshape(-1, 3, self._frames, self._patch, self._patch)[:, :, 0].swapaxes(0, 1)):
            self._levels[channel, self._cells(ramp).ravel()] = values.ravel()

    def fitted(self, picture: Image.Image) -> Image.Image:
        """The picture in whole cells, within the limits of the checkpoint. Raises ValueError where one side is 200 times the other."""
        least, most = self._processor.size["shortest_edge"], self._processor.size["longest_edge"]
        height, width = smart_resize(picture.height, picture.width, self.cell, least, most)
        return picture.resize((width, height), self._processor.resample)

    def cut(self, pictures: Sequence[Image.Image]) -> tuple[Tensor, Tensor]:
        """pictures: RGB, of whole cells. Returns patches, [all patches, channels * frames * rows * columns], and for each picture its
        frames, rows and columns of patches, [pictures, 3]."""
        grids = [(1, picture.height // self._patch, picture.width // self._patch) for picture in pictures]
        patches = np.empty((sum(rows * columns for _, rows, columns in grids), 3, self._frames, self._patch, self._patch), np.float32)
        start = 0
        for picture, (_, rows, columns) in zip(pictures, grids):
            pixels, end = np.asarray(picture), start + rows * columns
            for channel, levels in enumerate(self._levels):
                cells = self._cells(np.take(levels, pixels[..., channel]))
                patches[start:end, channel].reshape(*cells.shape[:4], self._frames, self._patch, self._patch)[:] = cells[..., None, :, :]
            start = end
        return torch.from_numpy(patches.reshape(len(patches), -1)), torch.tensor(grids)

    def _cells(self, plane: np.ndarray) -> np.ndarray:
        """[height, width] -> [rows of cells, columns of cells, row, column of the patch in its cell, row, column of the pixel in it]."""
        rows, columns = (side // self.cell for side in plane.shape)
        return plane.reshape(rows, self._merge, self._patch, columns, self._merge, self._patch).transpose(0, 3, 1, 4, 2, 5)
