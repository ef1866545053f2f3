"""One program per peer, run by that peer's own Python: `PROGRAM chain|fan COUNT [again]`.

They import nothing of Millwork's. What they need they find in variables: see `one_step`.
"""
