"""The engine: pull, reconcile, commit, push, one cycle at a time for one clinic.

Theory of operation. What is decided is committed before anything leaves; every outside write is a row that was
`intent`, becomes `sent` before the call and vanishes with its answer. No lock and no transaction is held across a
call. A crash at any point leaves rows whose writes are repeated as they were (providers are idempotent by key), then
the next read tells the rest. A cycle takes a fencing epoch; a stalled one that wakes up can write nothing.
"""

from calbridge.engine.cycle import Engine
from calbridge.engine.report import Report

__all__ = ["Engine", "Report"]
