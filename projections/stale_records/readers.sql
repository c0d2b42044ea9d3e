-- Table, who reads it, and the column that says whose row it is. What was tried is kept beside the ledger (migration 0013) and joined by the questions.
VALUES ('stale_records', 'dealreg_app', NULL),
       ('stale_records', 'dealreg_auditor', NULL)
