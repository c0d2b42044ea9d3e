-- Table, who reads it, and the column that says whose row it is.
VALUES ('protection_intervals', 'dealreg_reader', 'reader'),
       ('protection_intervals', 'dealreg_auditor', 'reader'),
       ('legs', NULL, NULL),
       ('claims', NULL, NULL),
       ('registrations', NULL, NULL)
