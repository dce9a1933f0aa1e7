"""One day of a made-up clinic, lived by real programs on loopback ports; each step is read back from all three sides.

Nobody in here exists: names are made up, mail is at example.org, phone numbers are from Berlin's range for film and
television. The data are pure functions of a date; the present is asked for once, by the command.
"""
