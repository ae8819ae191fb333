"""Which sessions are held, when, where and for whom."""
