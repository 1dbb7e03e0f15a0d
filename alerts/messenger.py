"""A channel of apprise: mail, chat, and all else that it knows."""

import logging

import apprise

from alerts.letter import Letter, Result, within
from features.errors import AlertError

ID_HEADER = "Tocsin-Alert"
"""Where a channel has headers (mail, plain webhooks), the one with the id of the alert."""


class Messenger:
    """What speaks to one channel of apprise, which may take `longest` for a letter [s].

    Letters are `pace` apart [s]; by default as apprise has it for the kind of channel.
    """

    def __init__(
        self, channel: str, url: str, *, longest: float = 60.0, pace: float | None = None
    ) -> None:
        """Take the channel's URL; raises AlertError, which does not quote it, if it is unusable."""
        # apprise would write URLs, with what is secret in them, to stderr.
        logging.getLogger("apprise").propagate = False
        asset = apprise.AppriseAsset(
            app_id="Tocsin",
            http_redirects=False,
            storage_mode=apprise.PersistentStoreMode.MEMORY,
        )
        server = apprise.Apprise.instantiate(url, asset=asset)
        if server is None:
            raise AlertError(
                f"channel '{channel}': its URL is none of apprise's, or not complete: see "
                "https://appriseit.com/services/; nothing was sent"
            )
        if pace is not None:
            server.request_rate_per_sec = pace
        self._server, self._longest = server, longest
        self._apprise = apprise.Apprise(asset=asset)
        self._apprise.add(server)

    def send(self, letter: Letter) -> Result:
        """Send a letter once; apprise does not say why it failed, nor after which step."""
        headers = getattr(self._server, "headers", None)
        if isinstance(headers, dict):
            headers[ID_HEADER] = letter.id
        return within(self._longest, lambda: self._notify(letter))

    def _notify(self, letter: Letter) -> Result:
        is_delivered = self._apprise.notify(
            body=letter.text, title=letter.title, body_format=apprise.NotifyFormat.TEXT
        )
        return Result("delivered", "") if is_delivered else Result("failed", "apprise gave up")
