"""One command of the bridge in a process of its own; `conftest` runs it by path, where all is imported already."""

from contextlib import redirect_stdout
from pathlib import Path

from calbridge.cli import main

GIVEN = globals()

if __name__ == "__main__":
    with Path(GIVEN["OUTPUT"]).open("w", encoding="utf-8") as output, redirect_stdout(output):
        main(GIVEN["ARGUMENTS"])
