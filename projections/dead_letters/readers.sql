-- The intake keeps this table itself (migration 0003); here are only the questions and who may ask them.
VALUES ('intake.dead_letters', 'dealreg_app', NULL),
       ('intake.dead_letters', 'dealreg_auditor', NULL)
