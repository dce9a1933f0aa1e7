"""The slot oracle is too big for one test file, and tests are no packages: its parts are found beside this file."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
