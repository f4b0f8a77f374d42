"""Makes the checkout importable as `zoomearth`, whatever the name of its folder, and gives the tests their real data."""

import importlib.util
import pathlib
import sys

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is.
settings.register_profile("zoomearth", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("zoomearth")

ROOT = pathlib.Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
SHARED = ROOT.parent / "shared" / "data"  # larger rasters, beside some checkouts

if "zoomearth" not in sys.modules:
    spec = importlib.util.spec_from_file_location("zoomearth", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    module = importlib.util.module_from_spec(spec)
    sys.modules["zoomearth"] = module
    spec.loader.exec_module(module)


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def real_records():
    """The folder of real records."""
    return DATA / "records"


@pytest.fixture(scope="session")
def real_raster():
    """real_raster(name): the path of a real raster. tests/data has some; for a larger one the test is skipped where it is missing."""

    def find(name):
        for folder in (DATA / "rasters", SHARED / "rasters"):
            if (folder / name).exists():
                return folder / name
        return pytest.skip(f"{name} is too large for the repository, and ../shared/data is not here")

    return find


@pytest.fixture(scope="module")
def one_thread():
    """One thread: with so small a model, more threads are slower, most of all on a busy machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def backend(root):
    """One backend process for all questions of a file: it must survive each of them."""
    from child import Backend

    backend = Backend(root)
    yield backend
    assert backend.process.poll() is None, b"".join(backend.log).decode()
    backend.end()


@pytest.fixture
def fresh(root):
    """A backend process of its own, for tests that end it."""
    from child import Backend

    backend = Backend(root)
    yield backend
    backend.end()
