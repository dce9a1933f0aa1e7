"""A forwarder that counts: requests, and bytes in both directions. It looks at nothing else and changes nothing.

`python meter.py PORT` listens on a free port before 127.0.0.1:PORT and prints where; each line on standard input is
answered with the counts since the last one, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys

REQUEST = b" HTTP/1.1\r\n"
PIECE = 256 * 1024


class Meter:
    """The counts of all connections."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._counts = {"requests": 0, "up": 0, "down": 0}

    async def serve(self) -> None:
        """Forward until standard input ends."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        sys.stdout.write(f"listening on http://127.0.0.1:{port}\n")
        sys.stdout.flush()
        while await asyncio.to_thread(sys.stdin.readline):
            sys.stdout.write(json.dumps(self._counts) + "\n")
            sys.stdout.flush()
            self._counts = dict.fromkeys(self._counts, 0)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(self._pass(reader, ours, "up"), self._pass(theirs, writer, "down"))

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: str) -> None:
        tail = b""
        try:
            while piece := await source.read(PIECE):
                self._counts[way] += len(piece)
                if way == "up":
                    self._counts["requests"] += (tail + piece).count(REQUEST)
                    tail = piece[-len(REQUEST) + 1 :]
                sink.write(piece)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.close()


if __name__ == "__main__":
    asyncio.run(Meter(int(sys.argv[1])).serve())
