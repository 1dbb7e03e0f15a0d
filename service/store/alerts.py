"""The last alerts that rang, read again when their log has changed."""

import logging
from pathlib import Path

from alerts.log import log_file, read_log
from alerts.record import Alert
from features.errors import AlertError

_log = logging.getLogger(__name__)

MOST = 200
"""The number of alerts that are kept, the newest."""


class RecentAlerts:
    """The last alerts of a home; what is damaged is passed over, and logged once."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._stamp: tuple[int, int, int] | None = None
        self._alerts: tuple[Alert, ...] = ()

    def look(self) -> tuple[Alert, ...]:
        """Return the last alerts, the newest first: the same tuple while the log is the same."""
        try:
            status = log_file(self._home).stat()
            stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
        except OSError:
            stamp = None
        if stamp != self._stamp:
            self._stamp = stamp
            alerts = self._read()
            if alerts != self._alerts:  # attempts to deliver them change nothing here
                self._alerts = alerts
        return self._alerts

    def _read(self) -> tuple[Alert, ...]:
        try:
            log = read_log(self._home)
        except AlertError as error:
            _log.warning("%s; no alert is shown", error)
            return ()
        if log.faults:
            _log.warning("%s; the whole ones are shown", log.faults[0])
        return log.alerts[: -MOST - 1 : -1]
