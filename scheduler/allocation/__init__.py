"""Requests to a plan: CPU only, no I/O, no clock but a stopwatch. The only user of OR-Tools.

`options` asks the rulebook where each request could be held by itself, `statement` turns that
into an abstract weekly problem, `weekly` searches it, and the rulebook judges what comes out, date
by date. `allocating` does all of this, `repairing` the same for what is published already, and
`explaining` says why.
"""
