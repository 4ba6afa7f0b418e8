"""The workshop: makes and measures reflectors. Lives in the repository only, never in the wheel."""
