-- Table, who reads it, and the column that says whose row it is.
VALUES ('expiring_windows', 'dealreg_reader', 'reader'),
       ('expiring_windows', 'dealreg_auditor', 'reader'),
       ('claims', NULL, NULL),
       ('registrations', NULL, NULL),
       ('windows', NULL, NULL)
