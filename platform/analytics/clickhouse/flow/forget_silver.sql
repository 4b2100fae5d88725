ALTER TABLE silver.`{{ stream.name }}` DROP PARTITION tuple()
