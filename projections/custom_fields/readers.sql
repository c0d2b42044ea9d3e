-- Table, who reads it, and the column that says whose row it is.
VALUES ('custom_fields', 'dealreg_reader', 'reader'),
       ('custom_fields', 'dealreg_auditor', 'reader'),
       ('changes', 'dealreg_reader', 'reader'),
       ('changes', 'dealreg_auditor', 'reader'),
       ('carried', 'dealreg_reader', 'reader'),
       ('carried', 'dealreg_auditor', 'reader'),
       ('full_sources', 'dealreg_reader', 'reader'),
       ('full_sources', 'dealreg_auditor', 'reader'),
       ('carriers', NULL, NULL)
