"""calbridge vendor pack: the booking rules and the words of SmartVO with Praxx.me."""
