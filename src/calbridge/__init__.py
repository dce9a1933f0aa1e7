"""calbridge keeps a clinic's PMS, calendars and booking portal one."""
