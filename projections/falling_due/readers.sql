-- Table, who reads it, and the column that says whose row it is: the clock reads every row.
VALUES ('falling_due', 'dealreg_app', NULL),
       ('falling_due', 'dealreg_auditor', NULL),
       ('claims', NULL, NULL),
       ('legs', NULL, NULL),
       ('overrides', NULL, NULL)
