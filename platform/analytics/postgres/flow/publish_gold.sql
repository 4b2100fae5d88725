INSERT INTO gold."{{ mart.name }}" ({{ mart.column_names | quoted }})
SELECT {{ mart.column_names | quoted }}
FROM staging."{{ mart.name }}"
