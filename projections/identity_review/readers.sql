-- Table, who reads it, and the column that says whose row it is.
VALUES ('identity_review', 'dealreg_reader', 'reader'),
       ('identity_review', 'dealreg_auditor', 'reader'),
       ('customers', NULL, NULL)
