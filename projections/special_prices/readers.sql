-- Table, who reads it, and the column that says whose row it is.
VALUES ('special_prices', 'dealreg_reader', 'reader'),
       ('special_prices', 'dealreg_auditor', 'reader'),
       ('special_price_queue', 'dealreg_reader', 'reader'),
       ('special_price_queue', 'dealreg_auditor', 'reader')
