-- What names it is shown in its questions.
-- May touch no row: nothing is asked about it
WITH known AS (
    UPDATE customers SET identifiers = identifiers || jsonb_build_array(jsonb_build_object('scheme', %(scheme)s::text, 'value', %(value)s::text))
    WHERE customer = %(customer)s RETURNING customer, identifiers
)
UPDATE identity_review AS i
SET one_identifiers = CASE WHEN i.one = k.customer THEN k.identifiers ELSE i.one_identifiers END,
    other_identifiers = CASE WHEN i.other = k.customer THEN k.identifiers ELSE i.other_identifiers END
FROM known AS k WHERE k.customer IN (i.one, i.other)
