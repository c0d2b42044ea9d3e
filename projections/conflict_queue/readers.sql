-- Table, who reads it, and the column that says whose row it is.
VALUES ('conflict_queue', 'dealreg_reader', 'reader'),
       ('conflict_queue', 'dealreg_auditor', 'reader'),
       ('conflict_counts', 'dealreg_reader', 'reader'),
       ('conflict_counts', 'dealreg_auditor', 'reader'),
       ('customers', NULL, NULL)
