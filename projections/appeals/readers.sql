-- Table, who reads it, and the column that says whose row it is.
VALUES ('appeals', 'dealreg_reader', 'reader'),
       ('appeals', 'dealreg_auditor', 'reader')
