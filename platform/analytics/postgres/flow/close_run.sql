UPDATE ops.runs SET state = 'succeeded', ended_at = now()
WHERE dataset = %(dataset)s AND run_id = %(run_id)s AND attempt = %(attempt)s AND state = 'running'
