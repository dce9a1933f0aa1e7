"""If-Match against a revision: a change made from an old view is refused, never merged."""

from calbridge_portal.problems import Problem


def etag(revision: int) -> str:
    """The entity tag of a revision."""
    return f'"{revision}"'


def check(if_match: str | None, revision: int) -> None:
    """Require the present revision."""
    if if_match is None:
        raise Problem("precondition_missing", f"Send If-Match with the revision you read, such as {etag(revision)}.")
    check_optional(if_match, revision)


def check_optional(if_match: str | None, revision: int) -> None:
    """Refuse another revision than the present one, when one is named."""
    if if_match is not None and if_match.strip() not in {"*", etag(revision)}:
        raise Problem(
            "stale_revision",
            f"The revision is {revision} now; read again before you change it.",
            conflict={"revision": revision},
        )
