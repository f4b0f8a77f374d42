"""How large common things are, for a survey whose user does not say it: metres along the longer side of an ordinary small one.

Small rather than large: the size decides how closely the scene is looked at, and a thing that is larger than expected is still found, while
a smaller one is lost. Round figures of everyday things, not measurements.
"""

from __future__ import annotations

from .marks import kind

SIZES = {
    "person": 0.6,
    "sheep": 1.3,
    "cow": 2.5,
    "solar panel": 1.7,
    "car": 4.5,
    "van": 6.0,
    "caravan": 6.0,
    "truck": 10.0,
    "lorry": 10.0,
    "bus": 12.0,
    "tractor": 5.0,
    "excavator": 7.0,
    "container": 6.0,
    "railway wagon": 15.0,
    "tent": 4.0,
    "tree": 6.0,
    "palm": 5.0,
    "boat": 8.0,
    "yacht": 12.0,
    "ship": 40.0,
    "ferry": 60.0,
    "barge": 50.0,
    "container ship": 200.0,
    "aircraft": 20.0,
    "airplane": 20.0,
    "plane": 20.0,
    "jet": 15.0,
    "airliner": 35.0,
    "helicopter": 14.0,
    "swimming pool": 8.0,
    "pool": 8.0,
    "house": 10.0,
    "building": 12.0,
    "roof": 10.0,
    "shed": 4.0,
    "barn": 20.0,
    "greenhouse": 20.0,
    "church": 25.0,
    "silo": 8.0,
    "tank": 12.0,
    "storage tank": 12.0,
    "oil tank": 12.0,
    "chimney": 8.0,
    "pylon": 10.0,
    "crane": 30.0,
    "wind turbine": 60.0,
    "tennis court": 24.0,
    "basketball court": 28.0,
    "football pitch": 90.0,
    "soccer field": 90.0,
    "baseball field": 90.0,
    "running track": 150.0,
    "stadium": 150.0,
    "roundabout": 30.0,
    "bridge": 30.0,
    "pier": 40.0,
    "car park": 40.0,
    "parking lot": 40.0,
    "pond": 20.0,
    "quarry": 150.0,
    "solar farm": 150.0,
}


def size_of(target: str) -> float | None:
    """Metres; None where the table has no such thing. "red ships at the pier" are ships."""
    words = kind(target).lower().replace("-", " ").split()
    return next((SIZES[name] for start in range(len(words)) if (name := " ".join(words[start:])) in SIZES), None)
