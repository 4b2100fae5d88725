INSERT INTO ops.run_receipts
    (dataset, run_id, attempt, kind, name, measure, source, bronze, silver, quarantined, gold,
     expected, checksum, reasons, balanced)
VALUES
    (%(dataset)s, %(run_id)s, %(attempt)s, %(kind)s, %(name)s, %(measure)s, %(source)s, %(bronze)s, %(silver)s,
     %(quarantined)s, %(gold)s, %(expected)s, %(checksum)s, %(reasons)s, %(balanced)s)
ON CONFLICT (dataset, run_id, attempt, kind, name, measure) DO UPDATE
SET source = excluded.source, bronze = excluded.bronze, silver = excluded.silver, quarantined = excluded.quarantined,
    gold = excluded.gold, expected = excluded.expected, checksum = excluded.checksum, reasons = excluded.reasons,
    balanced = excluded.balanced, written_at = now()
