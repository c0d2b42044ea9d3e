-- Table, who reads it, and the column that says whose row it is.
VALUES ('my_joinings', 'dealreg_reader', 'reader')
