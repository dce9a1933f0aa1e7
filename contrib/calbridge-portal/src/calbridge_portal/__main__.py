"""`python -m calbridge_portal`."""

import sys

from calbridge_portal.main import main

sys.exit(main())
