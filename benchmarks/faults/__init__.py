"""What goes wrong in production, done to real processes: used by the tests, by the table of docs/reliability.md, and
by the soak."""
