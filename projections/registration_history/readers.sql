-- Table, who reads it, and the column that says whose row it is: an auditor reads every row.
VALUES ('registration_history', 'dealreg_auditor', NULL),
       ('claims', NULL, NULL),
       ('parties', NULL, NULL)
