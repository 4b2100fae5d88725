TRUNCATE staging."{{ mart.name }}"
