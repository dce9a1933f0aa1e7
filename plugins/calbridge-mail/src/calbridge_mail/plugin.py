"""The entry point: registers the notifier kind `smtp`."""

from __future__ import annotations

from typing import Any

from calbridge.hookspecs import Registry, hookimpl
from calbridge.provider import NotifierKind, PublicContext
from calbridge_mail.settings import MailSettings


@hookimpl
def calbridge_register(registry: Registry) -> None:
    """Called once when the plugin is loaded."""
    registry.notifier(
        NotifierKind(
            name="smtp",
            settings=MailSettings,
            create=_create,
            summary="E-mail over SMTP, in German, English and Finnish, with an entry for the client's calendar",
        )
    )


def _create(settings: MailSettings, context: PublicContext) -> Any:
    """Makes the notifier; a command that sends nothing does not import what it needs."""
    from calbridge_mail.notifier import MailNotifier

    return MailNotifier(settings, context)
