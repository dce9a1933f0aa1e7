"""calbridge vendor pack: the booking rules and the words of Provet Cloud online booking."""
