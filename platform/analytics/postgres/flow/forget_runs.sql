{#- Receipts and results go with their run. -#}
WITH told AS (DELETE FROM ops.outbox WHERE dataset = %(dataset)s)
DELETE FROM ops.runs WHERE dataset = %(dataset)s
