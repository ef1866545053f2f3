"""Foreign dialects, one module each: their files to Millwork's models and back.

What a dialect cannot say is listed, never dropped silently.
"""
