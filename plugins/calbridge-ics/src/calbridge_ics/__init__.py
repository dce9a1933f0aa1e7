"""calbridge provider for iCalendar feeds: a calendar that can only be read, from an address or a file."""
