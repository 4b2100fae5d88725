SELECT max(logical_date) AS logical_date
FROM ops.runs
WHERE dataset = %(dataset)s AND silver_published_at IS NOT NULL
