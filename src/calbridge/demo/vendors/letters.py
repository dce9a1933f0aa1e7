"""What the stories say of mails: who was written to about what, and where the links lead."""

from __future__ import annotations

from calbridge.demo.mail_side import Letter
from calbridge.demo.steps.story import Booked, Story, Unmet, expect


def about(story: Story, booked: Booked) -> tuple[Letter, ...]:
    """Every mail about a booking, in order."""
    return story.world.mail.about(booked.token) if story.world.mail else ()


def box(story: Story, address: str) -> tuple[Letter, ...]:
    """Every mail to an address, in order."""
    return story.world.mail.box(address) if story.world.mail else ()


def mailed(story: Story, booked: Booked, *kinds: str) -> str:
    """ "" when the client was sent exactly these mails about it, each once."""
    sent = [letter.kind for letter in about(story, booked)]
    return expect(sent == list(kinds), f"The client was mailed {', '.join(sent) or 'nothing'}, not {', '.join(kinds)}.")


def link_to_her_page(story: Story, booked: Booked) -> str:
    """The link of the last mail about it."""
    links = [link for letter in about(story, booked)[-1:] for link in letter.links if link.endswith(booked.token)]
    if not links:
        raise Unmet("The last mail to the client has no link to her booking.")
    return links[0]


def same_entry(story: Story, booked: Booked, *methods: str) -> str:
    """ "" when her mails held one entry for her calendar with these methods in turn (RFC 5546)."""
    letters = [letter for letter in about(story, booked) if letter.method]
    seen = [letter.method for letter in letters]
    return expect(
        seen == list(methods) and len({letter.uid for letter in letters}) == 1,
        f"The entries for her calendar are {', '.join(seen) or 'none'}, or of several appointments.",
    )
