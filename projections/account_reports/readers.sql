-- Table, who reads it, and the column that says whose row it is.
VALUES ('account_reports', 'dealreg_reader', 'reader'),
       ('account_reports', 'dealreg_auditor', 'reader')
