-- Table, who reads it, and the column that says whose row it is.
VALUES ('my_deals', 'dealreg_reader', 'reader'),
       ('changes', 'dealreg_reader', 'reader'),
       ('registrations', NULL, NULL),
       ('opportunities', NULL, NULL),
       ('accounts', NULL, NULL),
       ('custom_types', NULL, NULL)
