"""What the commands of `service` are made of: the terminal, and what they show on it."""
