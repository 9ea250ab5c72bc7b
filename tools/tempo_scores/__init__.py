"""Scores that the tempo network is trained on, at tempi at which people play such music."""
