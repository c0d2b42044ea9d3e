-- Table, who reads it, and the column that says whose row it is.
VALUES ('protected_customers', 'dealreg_reader', 'reader'),
       ('protected_customers', 'dealreg_auditor', 'reader'),
       ('changes', 'dealreg_reader', 'reader'),
       ('changes', 'dealreg_auditor', 'reader'),
       ('registrations', NULL, NULL),
       ('opportunities', NULL, NULL),
       ('accounts', NULL, NULL),
       ('custom_types', NULL, NULL)
