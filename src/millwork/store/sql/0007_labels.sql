-- What a thing is labelled with, where that is no more what its latest version was registered with.

ALTER TABLE asset ADD COLUMN labels TEXT NOT NULL DEFAULT '';
