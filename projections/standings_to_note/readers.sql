-- Table, who reads it, and the column that says whose row it is: the clock reads every row.
VALUES ('standings', 'dealreg_app', NULL),
       ('standings', 'dealreg_auditor', NULL),
       ('legs', 'dealreg_app', NULL),
       ('legs', 'dealreg_auditor', NULL)
