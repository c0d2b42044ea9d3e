-- Table, who reads it, and the column that says whose row it is.
VALUES ('notices', 'dealreg_reader', 'reader'),
       ('notices', 'dealreg_auditor', 'reader')
