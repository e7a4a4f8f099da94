"""What runs inside the jail, and the processes that build it. Imports nothing from outside this package."""
