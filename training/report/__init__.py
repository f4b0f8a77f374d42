from pathlib import Path


def write_report(folder: Path, out: Path | None = None) -> Path:
    return folder
