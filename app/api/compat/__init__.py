"""Routes on the paths and in the shapes that existing clients speak; one file a dialect."""
