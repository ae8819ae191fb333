"""Who and what is free, in absolute time and in the words of each school's bells."""
