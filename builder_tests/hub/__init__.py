"""A Hub on loopback: `local_hub` serves it; history, store, core (rights) and routes behind it."""
