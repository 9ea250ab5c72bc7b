"""What containers say of themselves, where FFmpeg would estimate, correct or refuse.

`claims` gives the length that a container states, from `riff`, `mpeg` and `ogg` where FFmpeg's own
length is no claim; `heads` tells from the first bytes what a file is that no decoder reads;
`libsndfile` reads some of what FFmpeg refuses.
"""
