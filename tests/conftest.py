"""Makes the checkout importable as `zoomearth` whatever its folder is called, and finds the shared data where there is any."""

import importlib.util
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"

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
def shared_data():
    """Real rasters and records; a user's checkout has none."""
    if not SHARED.is_dir():
        pytest.skip("the shared data (../shared/data) is not here")
    return SHARED


@pytest.fixture(scope="module")
def one_thread():
    """So small a model only loses by more, on a busy machine manyfold."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
