{#- Of all runs of a dataset. -#}
ALTER TABLE quarantine.rejected DELETE
WHERE dataset = {{ dataset | literal }}
SETTINGS mutations_sync = 2
