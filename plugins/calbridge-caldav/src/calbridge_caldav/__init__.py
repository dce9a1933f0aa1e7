"""calbridge provider for CalDAV calendars."""
