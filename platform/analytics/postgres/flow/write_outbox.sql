INSERT INTO ops.outbox (dataset, run_id, kind, key, payload)
VALUES (%(dataset)s, %(run_id)s, %(kind)s, %(key)s, %(payload)s)
ON CONFLICT (key) DO NOTHING
