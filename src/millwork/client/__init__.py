"""The verbs of a server over HTTP, for programs and for the command.

Nothing is decided here: words go out, and what the server answers comes back.
"""
