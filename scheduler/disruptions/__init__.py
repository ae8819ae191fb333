"""What befalls what was agreed: outages, closed days, substitutions, make-ups; and where to go."""
