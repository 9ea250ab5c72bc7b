"""What a person decided while listening to a release: `review.csv` in its folder.

A line is a decision, and lines are only added: the last one about a field of a track or chunk
counts, and taking one back is a line too. `decisions` says what may be decided and what counts,
`file` reads the sheet and writes to it. Builds follow it, and the manifest records what they knew.
"""
