"""Reports as pages: inline SVG drawn here, without script, font or address of anybody.

`page` puts a report together; `charts` and `grids` draw its kinds on a `frame` with axes.
"""
