UPDATE conflict_queue SET stay_to = NULL WHERE conflict = %(conflict)s
