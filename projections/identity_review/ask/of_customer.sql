-- Every question about one customer, told ones too.
SELECT one, other, program, ground, alike, one_name, one_country, one_place, one_street, one_postcode, one_identifiers, other_name, other_country, other_place, other_street, other_postcode, other_identifiers, score, reasons, method, asked_at, decide_to, overdue, state, reason, told_by, told_at
FROM identity_review WHERE %(customer)s IN (one, other) ORDER BY asked_at, one, other
