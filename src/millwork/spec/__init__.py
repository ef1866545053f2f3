"""The model of component and pipeline, millwork's own reader, every rule and its message.

Text comes in and models go out: no file is opened here.
"""
