"""The terms of schools: what time they cover, their day tables, and what is still to settle."""
