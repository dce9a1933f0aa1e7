"""calbridge vendor pack: the booking rules and the words of debevet with around.pet."""
