-- A person asks for more.
-- May touch no row: a registration without a distributor has no reader here
UPDATE network_deals SET asked = %(reason)s, answer_by = %(answer_by)s WHERE registration = %(registration)s
