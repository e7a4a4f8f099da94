"""How `accuracy` compares, one file a kind of reference; entry points of the group `assay.checkers`."""
