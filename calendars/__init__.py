"""School time and iCalendar: pure values and functions that know nothing of the scheduler."""
