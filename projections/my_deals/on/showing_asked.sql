-- The dealer is asked to show itself: nobody else reads of it (ROE-32).
-- May touch no row: a registration without a dealer has no reader here
UPDATE my_deals SET asked = %(reason)s WHERE registration = %(registration)s AND line = %(line)s
