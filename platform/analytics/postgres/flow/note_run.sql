UPDATE ops.runs SET notes = %(notes)s WHERE dataset = %(dataset)s AND run_id = %(run_id)s AND attempt = %(attempt)s
