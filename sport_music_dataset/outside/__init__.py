"""What strangers wrote: names, paths, files and documents, checked where they are read.

Sources, releases and settings files may come from anywhere. `names` says which names and paths may
become paths of ours, `files` opens regular files only and within a limit, `documents` reads JSON
and YAML within limits, `texts` and `tables` what spreadsheets write. `redact` is the way back: it
takes our secrets out of what others may read.
"""
