UPDATE conflict_queue SET evidence_to = NULL WHERE conflict = %(conflict)s
