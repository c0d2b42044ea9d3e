-- What it is made of too: a leg that is protected later has the narrower territory.
WITH claim AS (
    UPDATE claims SET territory = %(scope)s::jsonb ->> 'territory' WHERE registration = %(registration)s AND line = %(line)s
)
UPDATE expiring_windows SET territory = %(scope)s::jsonb ->> 'territory' WHERE registration = %(registration)s AND line = %(line)s
-- May touch no row: nothing of it is protected now
