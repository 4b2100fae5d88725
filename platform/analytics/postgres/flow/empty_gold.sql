{#- DELETE, not TRUNCATE: until the transaction ends readers go on with the rows there were, and nobody waits. -#}
DELETE FROM gold."{{ mart.name }}"
