"""One command of the bridge in a process of its own; `conftest` runs it by path, where all is imported already.

What the process says goes to OUTPUT and ERRORS, whoever in it says it.
"""

import os
from pathlib import Path

from calbridge.cli import main

GIVEN = globals()
STDOUT, STDERR = 1, 2


def spoken(path: str, descriptor: int) -> None:
    """What is written there goes to the file."""
    with Path(path).open("ab") as file:
        os.dup2(file.fileno(), descriptor)


if __name__ == "__main__":
    spoken(GIVEN["OUTPUT"], STDOUT)
    spoken(GIVEN["ERRORS"], STDERR)
    main(GIVEN["ARGUMENTS"])
