"""What the sources' own functions give for our inputs: recorded numbers, and the program that records them."""
