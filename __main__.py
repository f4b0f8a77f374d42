"""`python -m zoomearth`: the command line, as `accelerate launch -m zoomearth` needs it."""

import sys

from .backend.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
