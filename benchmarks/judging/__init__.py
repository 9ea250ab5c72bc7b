"""What `truth.py` judges the measures by: scores that nobody here wrote, rendered.

`midi` reads the truth from a score, `pieces` finds the scores, `render` makes audio of them, `ours`
and `others` measure it, `right` decides what is right, and `tables` prints how often it is. `midi`
and `right` need the standard library alone; the others import what they need where they use it,
since the tools that we are compared with live in an environment of their own.
"""
