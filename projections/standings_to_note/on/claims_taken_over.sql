-- The legs of the file that was taken over stand in this one (ROE-24).
-- May touch no row: nothing was protected there
UPDATE legs SET customer = %(customer)s WHERE customer = %(absorbed)s AND program = %(_program)s
