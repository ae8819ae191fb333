"""How what is written down reaches people: by mail, by group robots, or copied by hand."""
