-- Everything that will fall due in one stream.
SELECT program, aggregate, subject, what, nullif(registration, '00000000-0000-0000-0000-000000000000') AS registration, line, tier, partner, source, due_at
FROM falling_due WHERE subject = %(subject)s ORDER BY due_at, what, registration, line, tier, partner
