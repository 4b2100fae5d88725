SELECT {{ mart.column_names | identifiers }}
FROM curated.`{{ mart.name }}`
ORDER BY {{ mart.key | identifiers }}
FORMAT TabSeparated
