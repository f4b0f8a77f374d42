"""`zoomearth`, `python -m zoomearth`, or this file by its path: the last needs no installation and no folder name."""

import sys

if not __package__:  # started by path: name the checkout `zoomearth`, whatever its folder is called
    import importlib.util
    from pathlib import Path

    root = Path(__file__).resolve().parents[1]
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != root / "backend"]
    spec = importlib.util.spec_from_file_location("zoomearth", root / "__init__.py", submodule_search_locations=[str(root)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{root} holds no package")
    package = importlib.util.module_from_spec(spec)
    sys.modules["zoomearth"] = package
    spec.loader.exec_module(package)
    __package__ = "zoomearth.backend"


def main() -> int:
    """The command line's exit code: 0, 1 (no answer), 2 (bad input), 130 (interrupted)."""
    if sys.argv[1:] == ["serve"]:  # before anything else can print: stdout is the wire
        from .server.worker import main as serve

        return serve()
    from .cli.main import main as app

    return app(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
