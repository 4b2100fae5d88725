{#- The checksum is of the business columns and independent of the order of rows. Of a tuple: with a NULL
    among its arguments the hash would be NULL, and the row left out. A column may have an alias' name: it comes first. -#}
SELECT count() AS records, lower(hex(groupBitXor(cityHash64(tuple({{ names | identifiers }}))))) AS checksum
FROM silver.`{{ stream.name }}`
SETTINGS prefer_column_name_to_alias = 1
