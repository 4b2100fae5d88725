UPDATE ops.runs SET silver_published_at = now() WHERE dataset = %(dataset)s AND run_id = %(run_id)s
