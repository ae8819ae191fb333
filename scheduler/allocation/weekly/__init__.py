"""The search of a weekly problem: activities, places, rooms as counts. Knows nothing of schools.

`problem` says what is searched, `solve` searches it: greedily, by annealing compiled to machine
code (`board`, `moves`, `annealing`) and with OR-Tools, whole or by `windows`; `prices` bounds what
is too large for that. `fewest_moves` changes an answer as little as possible, `one_move` asks
whether one activity could give way.
"""
