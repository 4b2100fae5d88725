COPY staging."{{ mart.name }}" ({{ mart.column_names | quoted }}) FROM STDIN
