-- May touch no row: a note without a stage, or nothing is protected yet
WITH known AS (
    UPDATE registrations SET stage = %(stage)s WHERE registration = %(registration)s AND %(stage)s::text IS NOT NULL RETURNING registration, stage
)
UPDATE expiring_windows AS w SET stage = k.stage FROM known AS k WHERE w.registration = k.registration
