{#- The checksum is of the business columns and independent of the order of rows. -#}
SELECT count() AS records, lower(hex(groupBitXor(cityHash64({{ names | identifiers }})))) AS checksum
FROM silver.`{{ stream.name }}`
