"""Sessions and series: booked, changed, cancelled, agreed to, and what to suggest instead."""
