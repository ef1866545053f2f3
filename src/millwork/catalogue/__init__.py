"""Built-in components: what each declares, and which columns come out of it without running.

Pure; the functions that do the work are in `runtime`, which a step gets as its code.
"""
