"""Files that Millwork keeps: copies of code, and outputs as attempts left them.

On disk now, on S3 later. No row of the database is read or written here.
"""
