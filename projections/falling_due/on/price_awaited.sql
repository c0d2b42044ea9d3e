-- `registration` holds the price's own id: a line may have one in force and one asked.
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
VALUES ('file', %(customer)s, 'price_review', %(special_price)s, %(line)s, '', '', %(_program)s, NULL, %(review_to)s)
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
