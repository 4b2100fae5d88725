SELECT count(*) AS records, md5(coalesce(string_agg(md5(t::text), '' ORDER BY {{ mart.key | quoted }}), '')) AS checksum
FROM gold."{{ mart.name }}" AS t
