"""Webhooks of the portal (Standard Webhooks): verified, then only a hint to read again, never data.

The library compares the timestamp with the machine's own clock, as the sender does: that is what keeps a copied
message from being sent again later.
"""

from __future__ import annotations

import base64
import binascii

from standardwebhooks import Webhook, WebhookVerificationError
from standardwebhooks.webhooks import EmptyWebhookSecretError

from calbridge.errors import NeedsHuman, SkipItem
from calbridge.provider import Hint, InboundRequest

# Malformed input makes the library raise these instead of its own exception (a signature without a comma,
# base64 that is none, a body that is not UTF-8, a body that is not JSON).
MALFORMED = (WebhookVerificationError, ValueError, TypeError, IndexError, binascii.Error)


def verify(secret: str, request: InboundRequest) -> tuple[Hint, ...]:
    """The hook `receive`: one hint for a genuine message, SkipItem for any other."""
    hook = _webhook(secret)
    try:
        hook.verify(request.body, dict(request.headers))
    except MALFORMED:
        raise SkipItem("a webhook came whose signature is wrong or too old: it was ignored") from None
    return (Hint(id=request.headers.get("webhook-id", "")),)


def _webhook(secret: str) -> Webhook:
    try:
        base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        return Webhook(secret)
    except (ValueError, EmptyWebhookSecretError, RuntimeError):
        raise NeedsHuman(
            "webhook_secret is not one a portal gave: it begins with whsec_ and was shown once at registration"
        ) from None
