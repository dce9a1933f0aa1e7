"""Reading iCalendar: text in, records out. No I/O and no clock; nothing in it ever carries a summary."""
