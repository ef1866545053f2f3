"""What runs plans: one module or folder an engine, none knowing another.

Each implements `ports.Engine` and is imported only when it is named.
"""
