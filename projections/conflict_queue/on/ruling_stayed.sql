UPDATE conflict_queue SET stay_to = %(stay_to)s WHERE conflict = %(conflict)s
