"""Work on stored rollouts: re-score, compare, select, and make the data sets of the R1 recipe.

Data flows one way: files -> rows (`formats`) -> records (`layout`) -> scores (`engines`) -> parts (`output`) -> report.
"""
