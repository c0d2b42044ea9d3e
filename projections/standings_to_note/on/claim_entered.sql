-- May touch no row: it held nothing before
DELETE FROM legs WHERE registration = %(registration)s AND line = %(line)s
