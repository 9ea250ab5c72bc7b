"""Run EnCodec: the same codes as from transformers, but overlapping audio is computed once.

Use `encodec.Codec`; `shared` and `convolutions` make it fast.
"""
