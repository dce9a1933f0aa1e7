"""calbridge vendor pack: the booking rules and the words of smartTherapy."""
