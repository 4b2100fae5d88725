{#- A repeated run writes its quarantine anew. -#}
ALTER TABLE quarantine.rejected DELETE
WHERE dataset = {{ dataset | literal }} AND run_id = {{ run_id | literal }}
SETTINGS mutations_sync = 2
