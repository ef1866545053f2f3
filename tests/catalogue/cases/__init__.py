"""Arguments that a generator cannot guess, a module a family: CASES by name."""
