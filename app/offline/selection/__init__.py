"""Rejection sampling: of scored completions, the ones to train on, with a count of what each filter dropped."""
