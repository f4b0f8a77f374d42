"""Dense heads on the states of image tokens, for training only: they predict the content of every cell of a picture.

With them, the model reaches a given box error after about a third of the scenes. They are not exported. Targets in coarse views: the class
of the site that covers a cell, and its box. In crops: whether the centre of an object or of the landmark lies in a cell, its position, and
the object's size, class, colour and heading, or the landmark's shape.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from ..scenes.marks import LEAST_OF_PLACE, object_boxes, visible
from ..scenes.render import VIEW, WHOLE, Window
from ..scenes.scene import COLORS, HEADINGS, SHAPES, SITES, Scene
from .model import GRID, NUMBERS
from .rows import COORDINATES, Batch

KINDS = list(SITES)
DETAILS = 12
"""Columns of a crop target: object, x, y, width, height, class, colour, heading (-1: none), landmark, x, y, shape."""


def site_targets(scene: Scene, window: Window = WHOLE) -> np.ndarray:
    """(cells, classes, 5): for each cell of a coarse view and each class of site, presence and box (fractions of the window)."""
    targets = np.zeros((GRID, GRID, len(KINDS), 5), np.float32)
    low = np.arange(GRID) / GRID
    left, top, side = window[0], window[1], window[2] - window[0]
    for site in scene.sites:
        if not (part := visible(site.box, window, LEAST_OF_PLACE)):
            continue
        x0, y0, x1, y1 = (part[0] - left) / side, (part[1] - top) / side, (part[2] - left) / side, (part[3] - top) / side
        across = np.clip(np.minimum(x1, low + 1 / GRID) - np.maximum(x0, low), 0, None)
        down = np.clip(np.minimum(y1, low + 1 / GRID) - np.maximum(y0, low), 0, None)
        shown = down[:, None] * across > 0.2 * (x1 - x0) * (y1 - y0)
        targets[shown, KINDS.index(site.kind)] = (1, x0, y0, x1, y1)
    return targets.reshape(GRID**2, len(KINDS), 5)


def no_details() -> np.ndarray:
    """(cells, DETAILS) of a picture in which nothing can be told."""
    targets = np.zeros((GRID**2, DETAILS), np.float32)
    targets[:, 7] = -1
    return targets


def detail_targets(scene: Scene, window: Window) -> np.ndarray:
    """(cells, DETAILS) of the crop that shows `window`; positions are fractions of the window."""
    targets = no_details().reshape(GRID, GRID, DETAILS)
    x0, y0, x1, y1 = window
    for site in scene.sites:
        heading = HEADINGS.index(site.heading) if SITES[site.kind].heading else -1
        for (px, py), box in reversed([*zip(site.points, object_boxes(site))]):  # so that the leftmost object of a cell remains
            u, v = (px - x0) / (x1 - x0), (py - y0) / (y1 - y0)
            if 0 <= u < 1 and 0 <= v < 1:
                size = (box[2] - box[0]) / (x1 - x0), (box[3] - box[1]) / (y1 - y0)
                what = KINDS.index(site.kind), COLORS.index(site.color), heading
                targets[int(v * GRID), int(u * GRID), :8] = (1, u, v, *size, *what)
        u, v = (site.landmark[0] - x0) / (x1 - x0), (site.landmark[1] - y0) / (y1 - y0)
        if 0 <= u < 1 and 0 <= v < 1:
            targets[int(v * GRID), int(u * GRID), 8:] = (1, u, v, SHAPES.index(site.shape))
    return targets.reshape(GRID**2, DETAILS)


class Heads(torch.nn.Module):
    """Linear layers that are never exported. width: of the language model."""

    def __init__(self, width: int):
        super().__init__()
        self.sites = torch.nn.Sequential(torch.nn.LayerNorm(width), torch.nn.Linear(width, len(KINDS) * 5))
        outputs = 5 + len(KINDS) + len(COLORS) + len(HEADINGS) + 3 + len(SHAPES)
        self.details = torch.nn.Sequential(torch.nn.LayerNorm(width), torch.nn.Linear(width, outputs))
        self.number = torch.nn.Linear(width, 1)

    def number_loss(self, batch: Batch, hidden: torch.Tensor, zero: int) -> tuple[torch.Tensor, dict[str, float]]:
        """Smooth-L1 loss of a linear readout of each coordinate: it has a gradient where the cross-entropy is flat. zero: the token of
        "0".
        """
        numbers = torch.isin(batch.roles, torch.tensor(COORDINATES)) & (batch.targets >= zero) & (batch.targets < zero + NUMBERS)
        predicted = self.number(hidden[batch.inputs[numbers]])[:, 0]
        truth = (batch.targets[numbers] - zero) / VIEW
        with torch.no_grad():
            figures = {"linear": ((predicted - truth).abs().mean() * VIEW).item()}
        return F.smooth_l1_loss(predicted, truth, beta=0.02), figures

    def loss(self, batch: Batch, states: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        """The loss of the dense targets, and figures for the log. states: (tokens, width), of a middle layer."""
        total, figures = states.new_zeros(()), {}
        if batch.sites is not None and batch.site_cells is not None:
            out = self.sites(states[batch.site_cells]).view(-1, len(KINDS), 5)
            present = batch.sites[..., 0]
            presence = F.binary_cross_entropy_with_logits(out[..., 0], present, pos_weight=torch.tensor(4.0))
            off = F.smooth_l1_loss(out[..., 1:], batch.sites[..., 1:], beta=0.02, reduction="none").mean(-1)
            total = total + presence + 4 * (off * present).sum() / (present.sum() + 1)
            figures["cell_site"] = presence.item()
        if batch.details is not None and batch.detail_cells is not None:
            t = batch.details
            out = self.details(states[batch.detail_cells])
            point, kind, color, heading, mark, shape = out.split([5, len(KINDS), len(COLORS), len(HEADINGS), 3, len(SHAPES)], 1)
            objects, landmarks = t[:, 0] > 0, t[:, 8] > 0
            presence = F.binary_cross_entropy_with_logits(point[:, 0], t[:, 0], pos_weight=torch.tensor(2.0))
            presence = presence + F.binary_cross_entropy_with_logits(mark[:, 0], t[:, 8], pos_weight=torch.tensor(4.0))
            off, what = states.new_zeros(()), states.new_zeros(())
            pointed = t[:, 7] >= 0
            if objects.any():
                off = off + F.smooth_l1_loss(point[objects, 1:], t[objects, 1:5], beta=0.02)
                what = what + F.cross_entropy(color[objects], t[objects, 6].long())
                what = what + F.cross_entropy(kind[objects], t[objects, 5].long())
            if pointed.any():
                what = what + F.cross_entropy(heading[pointed], t[pointed, 7].long())
            if landmarks.any():
                off = off + F.smooth_l1_loss(mark[landmarks, 1:], t[landmarks, 9:11], beta=0.02)
                what = what + F.cross_entropy(shape[landmarks], t[landmarks, 11].long())
                figures["cell_shape"] = (shape[landmarks].argmax(1) == t[landmarks, 11]).float().mean().item()
            total = total + presence + 4 * off + 0.3 * what
            figures["cell_detail"] = presence.item()
        return total, figures
