-- What was asked of the dealer is answered.
-- May touch no row: a registration without a dealer has no reader here
UPDATE my_deals SET asked = NULL, answer_by = NULL WHERE registration = %(registration)s
