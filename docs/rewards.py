"""Draws docs/rewards.png: the rewards of a box over its place in the scene.    python docs/rewards.py"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from zoomearth.core.geometry import Box
from zoomearth.training.data.scoring import expanded512_px, raw_px
from zoomearth.training.tuning.rewards import region_guided

SCENE, SIDE = 5000, 200  # pixels: of the scene, and of the target and the boxes
TRUTH = Box(3400, 1600, 3400 + SIDE, 1600 + SIDE)
CURVES = {
    "IoU of the boxes": raw_px,
    "IoU of the 512 px crops (r_IoU)": expanded512_px,
    "region-guided, tanh, alpha 200": region_guided,
    "region-guided, tanh, alpha 800": lambda a, b: region_guided(a, b, alpha=800),
    "region-guided, sigmoid, alpha 200": lambda a, b: region_guided(a, b, "sigmoid"),
}


def around(x, y):
    return Box(x - SIDE / 2, y - SIDE / 2, x + SIDE / 2, y + SIDE / 2)


def curves(axes):
    x, y = TRUTH.center
    distances = np.linspace(0, 3000, 601)
    for (name, rule), style in zip(CURVES.items(), ("-", "-", "-", "--", "-.")):
        axes.plot(distances, [rule(around(x - d, y), TRUTH) for d in distances], style, label=name)
    axes.set(xlabel="distance of the centres, source pixels", ylabel="reward", title="One box, moved away from its target", ylim=(0, 1.02))
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)


def surface(axes, rule, title):
    steps = np.linspace(0, SCENE, 126)
    values = np.array([[rule(around(x, y), TRUTH) for x in steps] for y in steps])
    shown = axes.imshow(values, extent=(0, SCENE, SCENE, 0), vmin=0, vmax=1, cmap="viridis")
    axes.contour(steps, steps, values, levels=[0.05, 0.1, 0.2, 0.4, 0.8], colors="white", linewidths=0.6)
    dark = 100 * float(np.mean(values < 1e-9))
    axes.set(title=f"{title}\npays nothing on {dark:.0f} % of the scene", xlabel="centre of the box, x", ylabel="y")
    return shown


def main():
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 4.6), layout="constrained")
    curves(left)
    surface(middle, expanded512_px, "r_IoU")
    figure.colorbar(surface(right, region_guided, "r_RG, tanh, alpha 200"), ax=(middle, right), label="reward")
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()
