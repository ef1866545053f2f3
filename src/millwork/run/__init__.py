"""The run machine: (state, event) -> (changes, instructions), and the loop that carries them out.

The machine is pure; the loop gets store, engine and clock by argument.
"""
