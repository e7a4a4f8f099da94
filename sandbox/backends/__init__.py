"""Ways to isolate a program, one file each; `BACKENDS` lists them, strongest habit first."""
