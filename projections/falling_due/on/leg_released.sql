-- The claim goes on while another leg of it does; one of which no leg is left waits for nothing either.
-- May touch no row: the leg was pending, or suspended
WITH ended AS (
    DELETE FROM legs WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
)
DELETE FROM falling_due
WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND (
    (tier = %(tier)s AND partner = %(partner)s)
    OR (
        tier = ''
        AND NOT EXISTS (SELECT FROM legs AS l WHERE l.registration = %(registration)s AND l.line = %(line)s AND (l.tier, l.partner) <> (%(tier)s, %(partner)s))
    )
)
